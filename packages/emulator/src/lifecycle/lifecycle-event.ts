import type { Cause, StatusChange } from '@apsaramq/model'

/** What happens to a certificate in its life. */
export type LifecycleWhat =
  | 'registered'
  | 'resurrected'
  | 'activated'
  | 'inactivated'
  | 'deleted'
  | 'connected'
  | 'recovered'
  | 'disconnected'
  | 'dropped'
  | 'refused'

/** Something that happened to a certificate; the same thing several times in a row is one event. */
export interface LifecycleEvent {
  what: LifecycleWhat
  /** Grows in the order of the events; 0 where it comes of the record. */
  n: number
  /** When it happened first; wall-clock milliseconds. */
  at: number
  /** When it happened last. */
  lastAt: number
  /** How often in a row. */
  count: number
  /** The call that did it. */
  by?: StatusChange
  cause?: Cause
  clientId?: string
  remoteAddress?: string
  /** Of a recovery: milliseconds since the certificate was activated. */
  afterActivationMs?: number
  /** Of a resurrection: the status it had when it was deleted. */
  statusBefore?: 'active' | 'inactive'
  /** Of an end by force: the call that led to it. */
  requestId?: string
}

/** What may differ between two events that count as the same. */
export function isSameEvent(one: LifecycleEvent, other: LifecycleEvent): boolean {
  return one.what === other.what && one.cause === other.cause && one.requestId === other.requestId
}
