import { deviceKey, serialNumberKey, type CaCertificate, type DeviceCertificate, type Session } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { LifecycleBook } from './lifecycle-book.ts'
import type { LifecycleEvent } from './lifecycle-event.ts'
import type { Timeline, TimelineSubject } from './timeline.ts'

/** An event as it is shown: what follows of two is worked out. */
export interface ShownEvent extends LifecycleEvent {
  /** Of a change: when its call was answered. */
  answeredAt?: number
  /** Of an end by force: milliseconds since the call that led to it was answered; below zero, the end came first. */
  afterAnswerMs?: number
}

/** All that is known of one certificate. */
export interface CertificateLife extends TimelineSubject {
  status: 'active' | 'inactive' | 'deleted' | 'never-registered'
  validity: 'valid' | 'expired' | 'not-yet-valid' | 'unknown'
  /** What is registered; null where nothing is. PEM and DER are left to the API. */
  record: Omit<CaCertificate, 'certificate' | 'verification'> | Omit<DeviceCertificate, 'certificate' | 'chain'> | null
  sessions: Session[]
  timeline: {
    events: ShownEvent[]
    /** How many events were left out, the oldest of their kind. */
    lost: number
  }
}

/** What lives are read from. */
export interface LifeParts {
  store: Store
  lifecycles: LifecycleBook
}

type Registered = { kind: 'device'; record: DeviceCertificate } | { kind: 'ca'; record: CaCertificate }

/** The certificates with a serial number, of devices and CAs, registered or seen since the start. @param caSn only of this CA */
export async function livesOf(
  { store, lifecycles }: LifeParts,
  asked: { sn: string; caSn?: string | undefined; now: number },
): Promise<CertificateLife[]> {
  const registered = await registeredOf(store, asked.sn)
  const timelines = lifecycles.find(asked.sn)
  const unregistered = timelines.filter(
    ({ subject }) => !registered.some(({ record }) => record.fingerprint === subject.fingerprint),
  )
  const lives = [
    ...registered.map((found) => {
      const timeline = timelines.find(({ subject }) => subject.fingerprint === found.record.fingerprint)
      return lifeOf(found, timeline, { store, lifecycles }, asked.now)
    }),
    ...unregistered.map((timeline) => afterlifeOf(timeline, lifecycles)),
  ]
  const { caSn } = asked
  if (caSn === undefined) return lives
  return lives.filter((life) => life.caSn !== undefined && serialNumberKey(life.caSn) === serialNumberKey(caSn))
}

async function registeredOf({ read }: Store, sn: string): Promise<Registered[]> {
  const { records: cas } = await read.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
  const devices = await Promise.all(cas.map((ca) => read.deviceCertificates.get(deviceKey(ca.id, sn))))
  return [
    ...devices.filter((record) => record !== undefined).map((record) => ({ kind: 'device' as const, record })),
    ...cas
      .filter((ca) => serialNumberKey(ca.sn) === serialNumberKey(sn))
      .map((record) => ({ kind: 'ca' as const, record })),
  ]
}

function lifeOf(found: Registered, timeline: Timeline | undefined, parts: LifeParts, now: number): CertificateLife {
  const { kind, record } = found
  const { sn, instanceId, fingerprint, status } = record
  return {
    kind,
    sn,
    caSn: kind === 'ca' ? sn : record.caSn,
    instanceId,
    fingerprint,
    status,
    validity: validityOf(record, now),
    record: withoutText(found),
    sessions: sessionsOf(parts.store, found),
    timeline: {
      events: shown(withRecord(timeline?.events() ?? [], record), parts.lifecycles),
      lost: timeline?.lost ?? 0,
    },
  }
}

/** Of a certificate that is not registered there is only what was seen. */
function afterlifeOf(timeline: Timeline, lifecycles: LifecycleBook): CertificateLife {
  return {
    ...timeline.subject,
    status: timeline.status === undefined ? 'never-registered' : 'deleted', // or its CA is, and it with it
    validity: 'unknown',
    record: null,
    sessions: [],
    timeline: { events: shown(timeline.events(), lifecycles), lost: timeline.lost },
  }
}

function validityOf({ validFrom, validUntil }: CaCertificate | DeviceCertificate, now: number) {
  if (now < validFrom) return 'not-yet-valid'
  return now > validUntil ? 'expired' : 'valid'
}

function withoutText(found: Registered): CertificateLife['record'] {
  if (found.kind === 'device') {
    const { certificate: _, chain: __, ...record } = found.record
    return record
  }
  const { certificate: _, verification: __, ...record } = found.record
  return record
}

function sessionsOf({ sessions }: Store, { kind, record }: Registered): Session[] {
  return kind === 'ca' ? sessions.list('byCa', record.id) : sessions.list('byDevice', deviceKey(record.caId, record.sn))
}

/** Of what happened before the start, or was forgotten, the record knows the first and the last. */
function withRecord(events: LifecycleEvent[], record: CaCertificate | DeviceCertificate): LifecycleEvent[] {
  const { registeredAt: at, statusChange, status } = record
  const registered: LifecycleEvent = { what: 'registered', n: 0, at, lastAt: at, count: 1 }
  const changed: LifecycleEvent[] = statusChange
    ? [
        {
          what: status === 'active' ? 'activated' : 'inactivated',
          n: 0,
          at: statusChange.at,
          lastAt: statusChange.at,
          count: 1,
          by: statusChange,
        },
      ]
    : []
  const isKnown = events.some(({ what }) => what === 'registered' || what === 'resurrected')
  const isChangeKnown = events.some(({ what }) => what === 'activated' || what === 'inactivated')
  return [...(isKnown ? [] : [registered]), ...(isChangeKnown ? [] : changed), ...events].sort(
    (one, other) => one.n - other.n,
  )
}

function shown(events: LifecycleEvent[], lifecycles: LifecycleBook): ShownEvent[] {
  return events.map((event) => {
    const answeredAt = lifecycles.answeredAt(event.by?.requestId)
    const ledAt = event.what === 'dropped' ? lifecycles.answeredAt(event.requestId) : undefined
    return {
      ...event,
      ...(answeredAt !== undefined && { answeredAt }),
      ...(ledAt !== undefined && { afterAnswerMs: event.at - ledAt }),
    }
  })
}
