import type { StatusChange } from '@apsaramq/model'
import type { CertificateLife } from './certificate-life.ts'
import type { LifecycleEvent } from './lifecycle-event.ts'

/** One sentence: the status of a certificate, since when, by whom; and whether it had been deleted (features C15). */
export function certificateSays(life: CertificateLife): string {
  const { kind, sn, status, record } = life
  const name = `${kind} certificate ${sn}`
  if (!record) return `${name} ${status === 'deleted' ? deletion(life) : 'was never registered'}`
  const { statusChange, registeredAt } = record
  const since = statusChange
    ? ` since ${time(statusChange.at)}${byText(statusChange)}`
    : ` since its registration at ${time(registeredAt)}`
  return `${name} is ${status}${since}${resurrection(life)}`
}

function deletion({ timeline }: CertificateLife): string {
  const deleted = last(timeline.events, 'deleted')
  return deleted ? `was deleted at ${time(deleted.at)}${byText(deleted.by)}` : 'was deleted with its CA'
}

function resurrection(life: CertificateLife): string {
  const resurrected = last(life.timeline.events, 'resurrected')
  if (!resurrected) return ''
  const before = resurrected.statusBefore === 'inactive' ? 'inactive by then, ' : ''
  return `; it ${deletion(life)}, ${before}and came back active at ${time(resurrected.at)}`
}

function last(events: readonly LifecycleEvent[], wanted: LifecycleEvent['what']): LifecycleEvent | undefined {
  return events.findLast(({ what }) => what === wanted)
}

function byText(by: StatusChange | undefined): string {
  return by ? ` by access key ${by.accessKeyId}, request ${by.requestId}` : ''
}

function time(at: number): string {
  return new Date(at).toISOString()
}
