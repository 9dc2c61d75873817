import type { Client } from 'aedes'
import type { AssumptionId, Cause } from '@apsaramq/model'
import type { AedesBroker } from './aedes-inside.ts'
import { KeptSessions, maxKept } from './kept-sessions.ts'
import { DropLog } from './neighbors/drop-log.ts'
import { boundRetained, retainedLimits } from './retained-limit.ts'
import { forgetSession } from './session-state.ts'
import type { BrokerOptions } from './settings.ts'

/** What bounding needs. */
export interface KeptBoundsDeps extends Pick<BrokerOptions, 'clock' | 'log' | 'assume'> {
  /** How many filters a client has. */
  filtersOf(client: Client): number
}

/** What a broker keeps for clients that are away. */
export interface KeptBounds {
  /** Whether there is a persistent session of a client, connected or not. */
  has(clientId: string): boolean
  /** A client has been admitted; what it leaves behind outlives its connection, or does not. */
  arrived(clientId: string, client: Client, persists: boolean): void
  /** Forgets the persistent session of a client that is not connected. */
  forget(clientId: string): Promise<void>
  /** Tells the log what is left to tell. */
  close(): void
}

/** Bounds what a broker keeps for clients that are away, beside their messages; the log hears of what had to go. */
export function boundKept(aedes: AedesBroker, deps: KeptBoundsDeps, maxSessions = maxKept): KeptBounds {
  const drops = new DropLog<keyof typeof dropped>(deps.clock, (what, count, about) => tell(deps, what, count, about))
  boundRetained(aedes.persistence, retainedLimits, (topic) => drops.count('retained', topic))
  const sessions = new KeptSessions(maxSessions, (clientId) => {
    drops.count('sessions', clientId)
    forgetSession(aedes, clientId).catch((error) => aedes.emit('error', error))
  })
  const connected = new Map<string, Client>()
  aedes.on('client', ({ id }) => sessions.drop(id))
  aedes.on('sessionExpired', ({ id }) => sessions.drop(id))
  aedes.on('clientDisconnect', (client) => {
    if (connected.get(client.id) !== client) return // a newer connection took over, or its session was forgotten
    connected.delete(client.id)
    if (!client.clean) sessions.left(client.id, deps.filtersOf(client))
  })
  return {
    has: (clientId) => connected.has(clientId) || sessions.has(clientId),
    arrived(clientId, client, persists) {
      if (persists) connected.set(clientId, client)
      else connected.delete(clientId)
    },
    forget(clientId) {
      connected.delete(clientId)
      sessions.drop(clientId)
      return forgetSession(aedes, clientId)
    },
    close: () => drops.close(),
  }
}

const dropped = {
  retained: { assumption: 'A-84', cause: 'retained-messages-full', what: 'retained messages dropped' },
  sessions: { assumption: 'A-85', cause: 'persistent-sessions-full', what: 'persistent sessions forgotten' },
} as const satisfies Record<string, { assumption: AssumptionId; cause: Cause; what: string }>

function tell({ log, assume }: KeptBoundsDeps, kind: keyof typeof dropped, count: number, about: string): void {
  const { assumption, cause, what } = dropped[kind]
  assume(assumption, about)
  log.write({
    plane: 'mqtt',
    kind: 'warn',
    cause,
    message: `${what}: ${count}, the instance keeps no more, the last: ${about}`,
  })
}
