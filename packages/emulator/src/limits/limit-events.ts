import type { Cancel, Clock, LogEntry } from '@apsaramq/model'
import { LogRing } from '../log-ring.ts'
import type { StreamedLog } from '../log-streams.ts'
import { CallBatch, type BatchedCalls, type ThrottledEntry } from './call-batch.ts'

/** A limit that was changed, or all of them put back. */
export interface ChangedLimit {
  /** One sentence for a reader. */
  message: string
  /** Undefined where all limits were put back. */
  limit?: number
  rule?: string
  action?: string
  accountId?: string
}

/** What happened: within the last second for calls, just now for a change. */
export type LimitHappening =
  | ({ type: 'refused' | 'warned' } & BatchedCalls)
  /** Calls of more clients than are told one by one. */
  | { type: 'refused-others' | 'warned-others'; calls: number }
  | ({ type: 'changed' } & ChangedLimit)

/** An event of the limits: `seq` grows by one an event, `at` is wall-clock milliseconds. */
export type LimitEvent = { seq: number; at: number } & LimitHappening

/** How long refusals come together before they are told. */
const batchMs = 1_000

/** Clients and operations that are told one by one each second. */
const defaultRows = 100

const defaultCapacity = 1_000

/**
 * What happened to the limits, for who watches them. Refusals and warnings are told once a second for each client,
 * operation and rule, so that a flood of calls is none of events.
 */
export class LimitEvents implements StreamedLog<LimitEvent> {
  readonly #clock: Clock
  readonly #ring: LogRing<LimitEvent>
  readonly #batches: { refused: CallBatch; warned: CallBatch }
  #listeners: readonly ((event: LimitEvent) => void)[] = []
  #seq = 0
  #cancel: Cancel | undefined

  /** @param capacity events that are kept, for who comes back @param maxRows told one by one each second */
  constructor(clock: Clock, { capacity = defaultCapacity, maxRows = defaultRows } = {}) {
    this.#clock = clock
    this.#ring = new LogRing(capacity)
    this.#batches = { refused: new CallBatch(maxRows), warned: new CallBatch(maxRows) }
  }

  /** Takes up a call that a rule has refused or warned of. */
  note(entry: LogEntry): void {
    if (!isThrottled(entry)) return
    const { rule, admitted, warnedBy } = entry.throttle
    if (admitted && !warnedBy) return
    if (!admitted) this.#batches.refused.add(entry, rule)
    for (const name of warnedBy ?? []) this.#batches.warned.add(entry, name)
    this.#cancel ??= this.#clock.after(batchMs, () => this.#tellBatches())
  }

  /** Tells that a limit was changed, behind the calls before it. */
  tellChange(change: ChangedLimit): void {
    this.#tellBatches()
    this.#write({ type: 'changed', ...change })
  }

  following(seq: number, limit: number): LimitEvent[] {
    return this.#ring.after(seq, limit)
  }

  lastSeq(): number {
    return this.#seq
  }

  lostUpTo(): number {
    return this.#ring.lostUpTo
  }

  subscribe(listener: (event: LimitEvent) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  /** Tells what has come together and is not told yet. */
  #tellBatches(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (const type of ['refused', 'warned'] as const) {
      const { rows, others } = this.#batches[type].take()
      for (const row of rows) this.#write({ type, ...row })
      if (others > 0) this.#write({ type: `${type}-others`, calls: others })
    }
  }

  #write(happening: LimitHappening): void {
    this.#seq += 1
    const event: LimitEvent = { seq: this.#seq, at: this.#clock.now(), ...happening }
    this.#ring.push(event)
    for (const listener of this.#listeners) listener(event)
  }
}

function isThrottled(entry: LogEntry): entry is ThrottledEntry {
  return entry.throttle !== undefined
}
