import type { AssumptionId, Cause, DeviceCertificate, StatusChange } from '@apsaramq/model'
import type { Change, SessionChange } from '@apsaramq/store'
import type { Connection } from './connection.ts'
import type { Endings, Pace } from './endings.ts'
import { instanceOfServerName, isSameInstance } from './named-instance.ts'
import { DelayedEndings } from './revocation-delay.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'
import { storeFailure } from './store-failure.ts'
import { byText, callOf, caOfLiveInactive, deviceInactive, type Refusal } from './verdict.ts'

/** What following the changes needs. */
export interface RevocationDeps extends Pick<BrokerOptions, 'store' | 'clock' | 'random' | 'assume' | 'settings'> {
  index: SessionIndex
  endings: Endings
}

interface Following extends RevocationDeps {
  delayed: DelayedEndings
}

/** Stops following the changes, and forgets what was delayed. */
export type StopFollowing = () => void

/**
 * Applies each change of a certificate to the connections of its key. The store runs this before the call that
 * made the change is answered, so under `drop` an answered inactivation has ended its sockets.
 */
export function followChanges(needed: RevocationDeps): StopFollowing {
  const delayed = new DelayedEndings(needed, (due) => {
    for (const { sessionId, first } of due) void judgeAgain(deps, sessionId, first)
  })
  const deps = { ...needed, delayed }
  const unsubscribe = deps.store.subscribe((change) => onChange(deps, change))
  const unsubscribeSessions = deps.store.sessions.subscribe((change) => onSession(deps, change))
  const unsubscribeReset = deps.store.onReset(() => {
    const ending: Refusal = { cause: 'emulator-reset', message: 'the store was reset' }
    delayed.clear()
    disturb(deps.index.all())
    deps.endings.drop(deps.index.all(), ending, 'suppressed', 'in-slices')
  })
  return () => {
    for (const stop of [unsubscribe, unsubscribeSessions, unsubscribeReset, () => delayed.clear()]) stop()
  }
}

/** A session that someone else deleted: its connection is ended before the deletion returns, whatever the policy. */
function onSession({ index, endings, delayed }: Following, { before, after, reason, by }: SessionChange): void {
  if (!before || after) return
  delayed.forget(before.id)
  const connection = reason === undefined ? undefined : index.bySession(before.id)
  if (connection) endings.dropByForce([connection], kicked(reason!, by))
}

function kicked(reason: string, by: StatusChange | undefined): Refusal {
  if (!by) return { cause: 'kicked', message: `closed on request: ${reason}` }
  const { accessKeyId, requestId } = by
  const message = `closed on request: ${reason} by access key ${accessKeyId}, request ${requestId}`
  return { cause: 'kicked', message, accessKeyId, requestId }
}

function onChange(deps: Following, change: Change): void {
  if (change.collection === 'deviceCertificates') onDevice(deps, change)
  if (change.collection === 'caCertificates') onCa(deps, change)
}

type ChangeOf<C extends Change['collection']> = Extract<Change, { collection: C }>

function onDevice(deps: Following, { key, before, after, by }: ChangeOf<'deviceCertificates'>): void {
  for (const { fingerprint } of [before, after].filter((record) => record !== undefined)) {
    disturb(deps.index.waitingByFingerprint(fingerprint))
  }
  const [live, wills] = [deps.index.liveByDevice(key), deps.index.willsByDevice(key)]
  disturb(live)
  if (after?.status === 'inactive') {
    cutWaiting(deps, after)
    revoke(deps, live, wills, deviceInactive(after), 'at-once')
  }
  if (after?.status === 'active') spare(deps, live, 'device-inactive')
  if (!after && before) revoke(deps, live, wills, deviceDeleted(before.sn, before.caSn, by), 'at-once')
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
function onCa(deps: Following, { before, after, by }: ChangeOf<'caCertificates'>): void {
  for (const { subject } of [before, after].filter((record) => record !== undefined)) {
    disturb(deps.index.waitingByIssuer(subject))
  }
  if (!before) return
  const [live, wills] = [deps.index.liveByCa(before.id), deps.index.willsByCa(before.id)]
  disturb(live)
  if (before.id !== after?.id) revoke(deps, live, wills, caDeleted(before.sn, by), 'in-slices')
  else if (after.status === 'active') spare(deps, live, 'ca-inactive')
  else if (deps.settings.caStatus === 'strict') revoke(deps, live, wills, caOfLiveInactive(after), 'in-slices')
}

function disturb(connections: Connection[]): void {
  for (const connection of connections) connection.disturbed = true
}

/**
 * @param wills of connections that have ended by themselves, and their wills are still to be published
 * @param pace of a device all sockets are ended before the answer; of a CA there may be thousands
 */
function revoke(deps: Following, live: Connection[], wills: Connection[], ending: Refusal, pace: Pace): void {
  const policy = deps.settings.liveSessions
  if (policy.kind === 'drop') {
    deps.endings.recallWills(wills, ending)
    dropRevoked(deps, live, ending, pace)
  } else if (policy.kind === 'delay') {
    for (const { id } of live) deps.delayed.add(id, ending, policy)
  }
}

/** What was to end them in a while has been taken back: should it come again, its delay begins anew. */
function spare({ delayed }: Following, connections: Connection[], cause: Cause): void {
  for (const { id } of connections) delayed.cancel(id, cause)
}

function dropRevoked(deps: RevocationDeps, connections: Connection[], ending: Refusal, pace?: Pace): void {
  deps.endings.dropByForce(connections, ending, pace)
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
async function judgeAgain(deps: RevocationDeps, sessionId: string, first: Refusal): Promise<void> {
  const connection = deps.index.bySession(sessionId)
  if (!connection) return
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
    deps.endings.dropByForce([connection], storeFailure(thrown))
  }
}

async function whyNotLive({ store, settings }: RevocationDeps, { admitted }: Connection): Promise<Refusal | undefined> {
  const { session, deviceKey } = admitted! // a live connection has been admitted
  const { caId, caSn, deviceSn, fingerprint } = session
  const [ca] = (await store.read.caCertificates.list('byId', caId!, 0, 1)).records
  if (!ca) return caDeleted(caSn!)
  const device = await store.read.deviceCertificates.get(deviceKey!)
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
