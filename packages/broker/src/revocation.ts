import type { AssumptionId, Cancel, DeviceCertificate, StatusChange } from '@apsaramq/model'
import type { Change, SessionChange } from '@apsaramq/store'
import type { Connection } from './connection.ts'
import type { Endings } from './endings.ts'
import { instanceOfServerName, isSameInstance } from './named-instance.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'
import { storeFailure } from './store-failure.ts'
import { byText, callOf, caOfLiveInactive, deviceInactive, type Refusal } from './verdict.ts'

/** What following the changes needs. */
export interface RevocationDeps extends Pick<BrokerOptions, 'store' | 'clock' | 'assume' | 'settings'> {
  index: SessionIndex
  endings: Endings
}

/** Stops following the changes, and forgets what was delayed. */
export type StopFollowing = () => void

/**
 * Applies each change of a certificate to the connections of its key. The store runs this before the call that
 * made the change is answered, so under `drop` an answered inactivation has ended its sockets.
 */
export function followChanges(deps: RevocationDeps): StopFollowing {
  const delayed = new Set<Cancel>()
  const unsubscribe = deps.store.subscribe((change) => onChange(deps, delayed, change))
  const unsubscribeSessions = deps.store.sessions.subscribe((change) => onSession(deps, change))
  const unsubscribeReset = deps.store.onReset(() => {
    const ending: Refusal = { cause: 'emulator-reset', message: 'the store was reset' }
    for (const cancel of delayed) cancel()
    delayed.clear()
    disturb(deps.index.all())
    deps.endings.drop(deps.index.all(), ending, 'suppressed')
  })
  return () => {
    for (const stop of [unsubscribe, unsubscribeSessions, unsubscribeReset, ...delayed]) stop()
  }
}

/** A session that someone else deleted: its connection is ended before the deletion returns, whatever the policy. */
function onSession({ index, endings }: RevocationDeps, { before, after, reason, by }: SessionChange): void {
  const connection = before && !after && reason !== undefined ? index.bySession(before.id) : undefined
  if (connection) endings.drop([connection], kicked(reason!, by), 'suppressed')
}

function kicked(reason: string, by: StatusChange | undefined): Refusal {
  if (!by) return { cause: 'kicked', message: `closed on request: ${reason}` }
  const { accessKeyId, requestId } = by
  const message = `closed on request: ${reason} by access key ${accessKeyId}, request ${requestId}`
  return { cause: 'kicked', message, accessKeyId, requestId }
}

function onChange(deps: RevocationDeps, delayed: Set<Cancel>, change: Change): void {
  if (change.collection === 'deviceCertificates') onDevice(deps, delayed, change)
  if (change.collection === 'caCertificates') onCa(deps, delayed, change)
}

type ChangeOf<C extends Change['collection']> = Extract<Change, { collection: C }>

function onDevice(
  deps: RevocationDeps,
  delayed: Set<Cancel>,
  { key, before, after, by }: ChangeOf<'deviceCertificates'>,
): void {
  for (const { fingerprint } of [before, after].filter((record) => record !== undefined)) {
    disturb(deps.index.waitingByFingerprint(fingerprint))
  }
  disturb(deps.index.liveByDevice(key))
  if (after?.status === 'inactive') {
    cutWaiting(deps, after)
    revoke(deps, delayed, deps.index.liveByDevice(key), deviceInactive(after))
  }
  if (!after && before) revoke(deps, delayed, deps.index.liveByDevice(key), deviceDeleted(before.sn, before.caSn, by))
}

/** Its sockets are all ended, those too that are still to send CONNECT; with CONNACKs, they are told when they do. */
function cutWaiting({ index, endings, settings }: RevocationDeps, device: DeviceCertificate): void {
  if (settings.liveSessions.kind !== 'drop' || settings.rejectAt !== 'cut') return
  for (const connection of index.waitingByFingerprint(device.fingerprint)) {
    const wanted = instanceOfServerName(connection.link.serverName)
    if (wanted === undefined || isSameInstance(wanted, device.instanceId))
      endings.refuse(connection, deviceInactive(device))
  }
}

/** An inactive CA leaves registered devices alone, unless strictly (LIMITS A-03); one that is gone, or another in its place, does not. */
function onCa(deps: RevocationDeps, delayed: Set<Cancel>, { before, after, by }: ChangeOf<'caCertificates'>): void {
  for (const { subject } of [before, after].filter((record) => record !== undefined)) {
    disturb(deps.index.waitingByIssuer(subject))
  }
  if (before) disturb(deps.index.liveByCa(before.id))
  if (before && before.id !== after?.id) revoke(deps, delayed, deps.index.liveByCa(before.id), caDeleted(before.sn, by))
  else if (after?.status === 'inactive' && deps.settings.caStatus === 'strict')
    revoke(deps, delayed, deps.index.liveByCa(after.id), caOfLiveInactive(after))
}

function disturb(connections: Connection[]): void {
  for (const connection of connections) connection.disturbed = true
}

function revoke(deps: RevocationDeps, delayed: Set<Cancel>, connections: Connection[], ending: Refusal): void {
  const policy = deps.settings.liveSessions
  if (connections.length === 0 || policy.kind === 'keep') return
  if (policy.kind === 'drop') return dropRevoked(deps, connections, ending)
  const cancel = deps.clock.after(policy.delayMs, () => {
    delayed.delete(cancel)
    for (const connection of connections) void judgeAgain(deps, connection, ending)
  })
  delayed.add(cancel)
}

function dropRevoked(deps: RevocationDeps, connections: Connection[], ending: Refusal): void {
  deps.endings.drop(connections, ending, 'suppressed')
  for (const connection of connections) {
    const deviceSn = connection.admitted?.session.deviceSn ?? undefined
    for (const id of restsOn(ending)) deps.assume(id, deviceSn)
  }
}

function restsOn({ cause }: Refusal): AssumptionId[] {
  if (cause === 'ca-inactive') return ['A-01', 'A-03']
  return [cause === 'device-inactive' ? 'A-01' : 'A-24']
}

/**
 * Asks whether a live connection still may be, as long as the answer changes while it is asked. Never throws.
 *
 * @param first what began the delay: where it still holds, it knows more of the call than the store does
 */
async function judgeAgain(deps: RevocationDeps, connection: Connection, first: Refusal): Promise<void> {
  try {
    while (connection.stage === 'live') {
      connection.disturbed = false
      const ending = await whyNotLive(deps, connection)
      if (connection.disturbed) continue
      if (ending)
        dropRevoked(deps, [connection], ending.requestId === undefined && ending.cause === first.cause ? first : ending)
      return
    }
  } catch (thrown) {
    deps.endings.drop([connection], storeFailure(thrown), 'suppressed')
  }
}

async function whyNotLive({ store, settings }: RevocationDeps, { admitted }: Connection): Promise<Refusal | undefined> {
  const { session, deviceKey } = admitted! // a live connection has been admitted
  const { caId, caSn, deviceSn, fingerprint } = session
  const [ca] = (await store.read.caCertificates.list('byId', caId!, 0, 1)).records
  if (!ca) return caDeleted(caSn!)
  const device = await store.read.deviceCertificates.get(deviceKey)
  if (device?.fingerprint !== fingerprint) return deviceDeleted(deviceSn!, caSn!)
  if (device.status === 'inactive') return deviceInactive(device)
  return ca.status === 'inactive' && settings.caStatus === 'strict' ? caOfLiveInactive(ca) : undefined
}

function deviceDeleted(sn: string, caSn: string, by?: StatusChange): Refusal {
  const message = `device certificate ${sn} of CA ${caSn} was deleted${byText(by)}`
  return { cause: 'device-deleted', message, ...callOf({ statusChange: by }) }
}

function caDeleted(sn: string, by?: StatusChange): Refusal {
  const message = `CA ${sn} was deleted${byText(by)}, and the device certificates under it`
  return { cause: 'ca-deleted', message, ...callOf({ statusChange: by }) }
}
