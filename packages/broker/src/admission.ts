import type { CaCertificate, Instance } from '@apsaramq/model'
import { checkClientId } from './client-rules.ts'
import type { ArrivedConnect } from './connect-reader.ts'
import type { Connection } from './connection.ts'
import { checkCredentials, checkRequiredCredentials } from './credentials.ts'
import { factsOf } from './connection-facts.ts'
import type { DeletedDevices } from './deleted-devices.ts'
import type { Endings } from './endings.ts'
import { entryOf } from './entry.ts'
import { isRegisteredElsewhere, type GatherEvidence, type Question } from './evidence.ts'
import type { Hub } from './hub.ts'
import type { Hubs } from './hubs.ts'
import { namedInstance, type NamedInstance } from './named-instance.ts'
import { registerDevice } from './registration.ts'
import type { BrokerOptions } from './settings.ts'
import type { SessionIndex } from './sessions.ts'
import { storeFailure } from './store-failure.ts'
import {
  byText,
  callOf,
  isRefusedByStrictRule,
  judge,
  placeOf,
  type Evidence,
  type Refusal,
  type Verdict,
} from './verdict.ts'

/** What admission needs. */
export interface AdmissionDeps extends Pick<BrokerOptions, 'store' | 'clock' | 'log' | 'assume' | 'settings'> {
  gather: GatherEvidence
  endings: Endings
  hubs: Hubs
  deleted: DeletedDevices
  index: Pick<SessionIndex, 'follow'>
  /** Makes a connection live; called in the same synchronous step as the last look at what was decided. */
  join(connection: Connection, connect: ArrivedConnect, grant: Grant): void
}

/** Everything that an admitted connection stands on. */
export interface Grant {
  /** What its certificate came to; undefined where none is asked for, and one that was presented says nothing. */
  verdict: Extract<Verdict, { kind: 'admit' }> | undefined
  instance: Instance
  hub: Hub
}

/** What a round of asking came to. */
type Decision =
  | { kind: 'refuse'; refusal: Refusal }
  | { kind: 'register'; question: Question }
  | { kind: 'admit'; grant: Grant }
  | { kind: 'left' }

/** Decides whether a CONNECT is accepted, and does what follows. Never throws. */
export type Admit = (connection: Connection, connect: ArrivedConnect) => Promise<void>

/** The admission of one broker. */
export function createAdmission(deps: AdmissionDeps): Admit {
  return async (connection, connect) => {
    try {
      await decideUntilSettled(deps, connection, connect)
    } catch (thrown) {
      deps.endings.refuse(connection, storeFailure(thrown))
    }
  }
}

/** Asks again whenever a record of this certificate or its CA has changed since the asking began. */
async function decideUntilSettled(deps: AdmissionDeps, connection: Connection, connect: ArrivedConnect): Promise<void> {
  while (connection.stage === 'judging') {
    connection.disturbed = false
    const decision = await decide(deps, connection, connect)
    if (decision.kind === 'left' || connection.stage !== 'judging') return
    if (connection.disturbed) continue
    if (decision.kind === 'admit') return deps.join(connection, connect, decision.grant)
    if (decision.kind === 'refuse') return deps.endings.refuse(connection, decision.refusal)
    const refusal = await register(deps, connection, decision.question)
    if (refusal) return deps.endings.refuse(connection, refusal)
  }
}

async function decide(deps: AdmissionDeps, connection: Connection, connect: ArrivedConnect): Promise<Decision> {
  const { link } = connection
  const named = namedInstance(link, connect.packet.username)
  const entry = await entryOf(deps.store.read, link.transport, named)
  if (entry.kind === 'credentials') return decideByCredentials(deps, connection, connect, entry.instance)
  if (entry.kind === 'certificate') return decideByCertificate(deps, connection, connect, named)
  if (entry.refusal.cause === 'tls-required') deps.assume('A-27', connection.clientId)
  return entry
}

/** An instance of one-way TLS registers no certificates and asks for none: one that is presented says nothing. */
async function decideByCredentials(
  deps: AdmissionDeps,
  connection: Connection,
  { packet }: ArrivedConnect,
  instance: Instance,
): Promise<Decision> {
  const { store, settings } = deps
  const place = { instanceId: instance.id }
  const refusal =
    (await checkClientId(store.read, { ...packet, ...place, strict: settings.strict })) ??
    (await checkRequiredCredentials(store.read, packet, instance))
  if (refusal) return { kind: 'refuse', refusal: { ...refusal, ...place } }
  return admit(deps, connection, instance, undefined)
}

async function decideByCertificate(
  deps: AdmissionDeps,
  connection: Connection,
  { packet }: ArrivedConnect,
  named: NamedInstance,
): Promise<Decision> {
  const { store, settings } = deps
  const question = { identity: connection.identity!, named }
  const evidence = await deps.gather(store.read, question, deps.clock.now())
  // a CA further up may have changed before the connection was found by its name: ask again
  if (deps.index.follow(connection, evidence.issuers)) connection.disturbed = true
  const verdict = judge(evidence, settings.caStatus)
  if (verdict.kind === 'refuse') {
    if (isRefusedByStrictRule(evidence, verdict.refusal)) deps.assume('A-03', evidence.device!.sn)
    return verdict
  }
  const instance = await store.read.instances.get(verdict.ca.instanceId)
  if (!instance) {
    return refuse({ cause: 'wrong-instance', message: `instance ${verdict.ca.instanceId} does not exist` }, verdict.ca)
  }
  const refusal =
    unnamedRefusal(instance) ??
    (await checkClientId(store.read, { ...packet, instanceId: instance.id, strict: settings.strict })) ??
    (await checkCredentials(store.read, packet, instance))
  if (refusal) return refuse(refusal, verdict.ca)
  if (verdict.kind === 'register') return { kind: 'register', question }
  if (!connection.disturbed) notePath(deps, evidence, verdict.device.sn)
  return admit(deps, connection, instance, verdict)
}

function notePath({ assume }: AdmissionDeps, evidence: Evidence, sn: string): void {
  if (evidence.chain.length > 0) assume('A-28', sn)
  if (isRegisteredElsewhere(evidence)) assume('A-57', sn)
}

/** A CA can be registered with an instance of one-way TLS, and names it to nobody: certificates say nothing there. */
function unnamedRefusal({ id, tls }: Instance): Refusal | undefined {
  if (tls === 'mutual') return undefined
  const message = `the CA is registered with instance ${id}, which has one-way TLS: server name or username must name it`
  return { cause: 'wrong-instance', message }
}

async function admit(
  deps: AdmissionDeps,
  connection: Connection,
  instance: Instance,
  verdict: Grant['verdict'],
): Promise<Decision> {
  // a broker that has closed meanwhile must not start another hub
  if (connection.stage !== 'judging') return { kind: 'left' }
  return { kind: 'admit', grant: { verdict, instance, hub: await deps.hubs.of(instance.id) } }
}

function refuse(refusal: Refusal, ca: CaCertificate): Decision {
  return { kind: 'refuse', refusal: { ...refusal, ...placeOf(ca) } }
}

/** Registers the certificate at its first accepted CONNECT. LIMITS A-09 */
async function register(deps: AdmissionDeps, connection: Connection, question: Question): Promise<Refusal | undefined> {
  const isWanted = () => connection.stage === 'judging'
  const verdict = await registerDevice(deps.store, deps.gather, question, {
    now: deps.clock.now(),
    caStatus: deps.settings.caStatus,
    isWanted,
  })
  if (verdict?.kind === 'refuse') return verdict.refusal
  if (verdict?.kind === 'register') await noteRegistration(deps, connection, verdict)
  return undefined
}

async function noteRegistration(
  deps: AdmissionDeps,
  connection: Connection,
  { ca, facts }: Extract<Verdict, { kind: 'register' }>,
): Promise<void> {
  const place = { ...factsOf(connection), caSn: ca.sn, instanceId: ca.instanceId }
  const name = `device certificate ${facts.sn} (${facts.commonName})`
  const message = `${name} registered under CA ${ca.sn}, active`
  deps.log.write({ plane: 'mqtt', kind: 'register', message, ...place })
  deps.assume('A-09', facts.sn)
  deps.assume('A-21', facts.sn)
  const deleted = await deps.deleted.recall(ca, facts)
  if (!deleted) return
  const at = `${new Date(deleted.deletedAt).toISOString()}${byText(deleted.by)}`
  const how = deleted.withCa ? `was deleted with its CA at ${at}` : `was deleted at ${at}`
  const warning = `${name} of CA ${ca.sn} ${how}, ${deleted.status} by then, and comes back active: to keep a device out inactivate its certificate`
  const cause = deleted.withCa ? 'ca-deleted' : 'device-deleted'
  deps.log.write({
    plane: 'mqtt',
    kind: 'warn',
    cause,
    message: warning,
    ...callOf({ statusChange: deleted.by }),
    ...place,
  })
  deps.assume('A-23', facts.sn)
}
