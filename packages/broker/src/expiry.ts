import type { Connection } from './connection.ts'
import { factsOf } from './connection-facts.ts'
import { Deadlines } from './deadlines.ts'
import type { Endings } from './endings.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'
import type { Refusal } from './verdict.ts'

/** What following the validity of certificates needs. */
export interface ExpiryDeps extends Pick<BrokerOptions, 'store' | 'clock' | 'log' | 'assume' | 'settings'> {
  index: SessionIndex
  endings: Endings
}

/**
 * Notices when a certificate that a live session rests on expires: the session is ended, or it is said that it stays.
 * LIMITS A-75
 *
 * @returns stops it
 */
export function followExpiry(deps: ExpiryDeps): () => void {
  const deadlines = new Deadlines(deps.clock, 'now', (sessionIds) => onExpired(deps, sessionIds))
  const unsubscribe = deps.store.sessions.subscribe(({ before, after }) => {
    const admitted = after && deps.index.bySession(after.id)?.admitted
    if (admitted?.expiry) deadlines.set(admitted.session.id, admitted.expiry.at)
    else if (before) deadlines.delete(before.id)
  })
  return () => {
    unsubscribe()
    deadlines.clear()
  }
}

function onExpired(deps: ExpiryDeps, sessionIds: string[]): void {
  const { index, endings, settings, assume } = deps
  const connections = sessionIds.map((id) => index.bySession(id)).filter((connection) => connection?.stage === 'live')
  const expired = connections as Connection[] // what is not there has been filtered out
  for (const { admitted } of expired) assume('A-75', admitted!.session.deviceSn ?? undefined)
  if (settings.expiredSessions === 'drop') return endings.dropByForce(expired, endedFor, 'in-slices')
  for (const connection of expired) stays(deps, connection)
}

function stays({ log }: ExpiryDeps, connection: Connection): void {
  const message = `client ${connection.admitted!.session.clientId} stays connected: ${whatExpired(connection)}, and TLS asks only at the handshake`
  log.write({ plane: 'mqtt', kind: 'warn', cause: 'certificate-expired', message, ...factsOf(connection) })
}

function endedFor(connection: Connection): Refusal {
  return { cause: 'certificate-expired', message: whatExpired(connection) }
}

function whatExpired({ admitted }: Connection): string {
  const { session, expiry } = admitted! // a live connection has been admitted
  const { at, of } = expiry! // what has no expiry does not expire
  const what = { device: '', ca: 'the CA certificate of ', intermediate: 'an intermediate CA certificate of ' }[of]
  const name = `device certificate ${session.deviceSn} of CA ${session.caSn}`
  return `${what}${name} was valid until ${new Date(at).toISOString()}`
}
