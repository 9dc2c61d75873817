import {
  caKey,
  serialNumberKey,
  type CaCertificate,
  type CertificateStatus,
  type Clock,
  type DeviceCertificate,
  type LogEntry,
  type StatusChange,
} from '@apsaramq/model'
import type { Change, Store } from '@apsaramq/store'
import type { Recorder } from '../recorder.ts'
import { BoundedMap } from './bounded-map.ts'
import type { LifecycleEvent, LifecycleWhat } from './lifecycle-event.ts'
import { Timeline, type TimelineSubject } from './timeline.ts'

/** Timelines that are kept, of each of two kinds. */
const defaultCapacity = 4000

/**
 * The timelines of certificates since the start or the last reset: what the store says of their records, and the log of
 * their connections.
 *
 * Memory is bounded. A certificate whose status was changed, or whose session was ended by force, is remembered apart
 * from those that only come and go or are refused: a flood of connections, also of certificates made up for it, pushes
 * out none of the former. A flood of status changes does: then the oldest timelines go, and of a certificate that is
 * still registered its record tells its registration and its last change.
 */
export class LifecycleBook {
  readonly #clock: Clock
  readonly #notable: BoundedMap<Timeline>
  readonly #routine: BoundedMap<Timeline>
  /** When calls that changed a status were answered; undefined until they are. */
  readonly #answers = new BoundedMap<{ at: number | undefined }>(10_000)
  readonly #cas = new BoundedMap<string>(1000)
  #since: number
  #count = 0

  constructor(store: Store, recorder: Recorder, clock: Clock, capacity = defaultCapacity) {
    this.#clock = clock
    this.#notable = new BoundedMap(capacity)
    this.#routine = new BoundedMap(capacity)
    this.#since = clock.now()
    store.subscribe((change) => this.#onChange(change))
    store.onReset(() => this.#forget())
    recorder.subscribe((entry) => this.#onEntry(entry))
  }

  /** Since when it is kept, and how many timelines it has forgotten since. */
  get extent(): { since: number; forgotten: number } {
    return { since: this.#since, forgotten: this.#notable.forgotten + this.#routine.forgotten }
  }

  /** The timelines of the certificates with this serial number, in any spelling. */
  find(sn: string): Timeline[] {
    const key = serialNumberKey(sn)
    const all = [...this.#notable.values(), ...this.#routine.values()]
    return all.filter(({ subject }) => serialNumberKey(subject.sn) === key)
  }

  /** When a call that changed a status was answered. */
  answeredAt(requestId: string | undefined): number | undefined {
    return requestId === undefined ? undefined : this.#answers.peek(requestId)?.at
  }

  #forget(): void {
    for (const memory of [this.#notable, this.#routine, this.#answers, this.#cas]) memory.clear()
    this.#since = this.#clock.now()
  }

  #onChange(change: Change): void {
    if (change.collection === 'deviceCertificates') this.#onDevice(change)
    if (change.collection === 'caCertificates') this.#onCa(change)
  }

  /** Of the devices that go with their CA, maybe a million, only those become a timeline that have one. */
  #onDevice({ before, after, by, withCa }: Extract<Change, { collection: 'deviceCertificates' }>): void {
    const record = (after ?? before)!
    const timeline = withCa ? this.#known(record.fingerprint) : this.#of(subjectOfDevice(record))
    if (!timeline || (withCa && timeline.registration !== record.caId)) return
    this.#applyChange(timeline, before, after, by)
    timeline.registration = after?.caId
  }

  #onCa({ before, after, by }: Extract<Change, { collection: 'caCertificates' }>): void {
    const record = (after ?? before)!
    this.#cas.set(caKey(record.instanceId, record.sn), record.fingerprint)
    this.#applyChange(this.#of(subjectOfCa(record)), before, after, by)
  }

  #applyChange(
    timeline: Timeline,
    before: CaCertificate | DeviceCertificate | undefined,
    after: CaCertificate | DeviceCertificate | undefined,
    deletedBy: StatusChange | undefined,
  ): void {
    const was = timeline.status
    timeline.status = after?.status ?? 'deleted'
    if (!before) return this.#come(timeline, was)
    const by = deletedBy ?? after?.statusChange ?? undefined
    if (by) this.#answers.set(by.requestId, { at: undefined })
    timeline.statusAtEnd = before.status
    if (!after) return this.#add(timeline, 'deleted', by)
    if (before.status !== after.status) this.#change(timeline, after.status, by)
  }

  #come(timeline: Timeline, was: Timeline['status']): void {
    if (was === undefined) this.#add(timeline, 'registered', undefined)
    else this.#add(timeline, 'resurrected', undefined, { statusBefore: timeline.statusAtEnd ?? 'active' })
  }

  #change(timeline: Timeline, status: CertificateStatus, by: StatusChange | undefined): void {
    timeline.activatedAt = status === 'active' ? this.#clock.now() : undefined
    this.#add(timeline, status === 'active' ? 'activated' : 'inactivated', by)
  }

  #add(
    timeline: Timeline,
    what: LifecycleWhat,
    by: StatusChange | undefined,
    more: Partial<LifecycleEvent> = {},
  ): void {
    const at = by?.at ?? this.#clock.now()
    const event: LifecycleEvent = { what, n: this.#next(), at, lastAt: at, count: 1 }
    if (by) event.by = by
    timeline.addStatus(Object.assign(event, more))
    if (what !== 'registered') this.#promote(timeline)
  }

  #onEntry(entry: LogEntry): void {
    if (entry.kind === 'call') return this.#onAnswer(entry)
    if (entry.plane !== 'mqtt' || entry.fingerprint === undefined) return undefined
    const what = whatOfKind[entry.kind]
    if (!what) return undefined
    const timeline = this.#of(subjectOfEntry(entry, entry.fingerprint))
    timeline.addSession({ ...sessionEvent(what, entry, timeline), n: this.#next() })
    if (what === 'connected') timeline.activatedAt = undefined
    if (what !== 'dropped') return undefined
    this.#promote(timeline)
    this.#countAtCa(entry)
  }

  #next(): number {
    this.#count += 1
    return this.#count
  }

  #onAnswer({ requestId, at }: LogEntry): void {
    const answer = requestId === undefined ? undefined : this.#answers.peek(requestId)
    if (answer) answer.at ??= at
  }

  /** An end that a change of the CA led to stands in the timeline of the CA, too, all of them as one event. */
  #countAtCa(entry: LogEntry): void {
    if (!entry.cause?.startsWith('ca-') || entry.caSn === undefined || entry.instanceId === undefined) return
    const fingerprint = this.#cas.peek(caKey(entry.instanceId, entry.caSn))
    const timeline = fingerprint === undefined ? undefined : this.#known(fingerprint)
    if (!timeline) return
    const { clientId: _, remoteAddress: __, ...event } = sessionEvent('dropped', entry, timeline)
    timeline.addSession({ ...event, n: this.#next() })
  }

  #known(fingerprint: string): Timeline | undefined {
    return this.#notable.get(fingerprint) ?? this.#routine.get(fingerprint)
  }

  #of(subject: TimelineSubject): Timeline {
    const known = this.#known(subject.fingerprint)
    if (known) {
      const { caSn, instanceId } = known.subject
      if ((subject.caSn ?? caSn) !== caSn || (subject.instanceId ?? instanceId) !== instanceId) {
        known.subject = { ...known.subject, caSn: subject.caSn ?? caSn, instanceId: subject.instanceId ?? instanceId }
      }
      return known
    }
    const timeline = new Timeline(subject)
    this.#routine.set(subject.fingerprint, timeline)
    return timeline
  }

  #promote(timeline: Timeline): void {
    const { fingerprint } = timeline.subject
    if (this.#notable.peek(fingerprint) === timeline) return // and was used just now
    this.#routine.delete(fingerprint)
    this.#notable.set(fingerprint, timeline)
  }
}

const whatOfKind: Partial<Record<LogEntry['kind'], LifecycleWhat>> = {
  connect: 'connected',
  disconnect: 'disconnected',
  drop: 'dropped',
  refuse: 'refused',
}

function sessionEvent(what: LifecycleWhat, entry: LogEntry, { activatedAt }: Timeline): Omit<LifecycleEvent, 'n'> {
  const { at, cause, clientId, remoteAddress, requestId } = entry
  const isRecovery = what === 'connected' && activatedAt !== undefined
  return {
    what: isRecovery ? 'recovered' : what,
    at,
    lastAt: at,
    count: 1,
    ...(isRecovery && { afterActivationMs: at - activatedAt }),
    ...(cause && { cause }),
    ...(clientId !== undefined && { clientId }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(requestId !== undefined && { requestId }),
  }
}

function subjectOfDevice({ sn, caSn, instanceId, fingerprint }: DeviceCertificate): TimelineSubject {
  return { kind: 'device', sn, caSn, instanceId, fingerprint }
}

function subjectOfCa({ sn, instanceId, fingerprint }: CaCertificate): TimelineSubject {
  return { kind: 'ca', sn, caSn: sn, instanceId, fingerprint }
}

function subjectOfEntry({ deviceSn, caSn, instanceId }: LogEntry, fingerprint: string): TimelineSubject {
  return { kind: 'device', sn: deviceSn ?? '', caSn, instanceId, fingerprint }
}
