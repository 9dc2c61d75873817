import type { Clock, LogEntry } from '@apsaramq/model'
import type { Recorder } from '../recorder.ts'
import { LimitEvents } from './limit-events.ts'
import { Politeness, type PoliteCall } from './politeness.ts'

/** Follows what the throttle decides, as the log tells it: for the events of the limits, and for the politeness of clients. */
export class LimitWatch {
  readonly events: LimitEvents
  readonly politeness = new Politeness()
  readonly #clock: Clock
  #since: number

  constructor(recorder: Pick<Recorder, 'subscribe'>, clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
    this.events = new LimitEvents(clock)
    recorder.subscribe((entry) => this.#onEntry(entry))
  }

  /** Wall-clock milliseconds of the start, or of the last reset. */
  get since(): number {
    return this.#since
  }

  /** Forgets what clients did; who watches the events is told that the limits are as configured. */
  reset(): void {
    this.politeness.reset()
    this.events.tellChange({ message: 'a reset has put every limit back and has forgotten all calls' })
    this.#since = this.#clock.now()
  }

  #onEntry(entry: LogEntry): void {
    if (entry.throttle === undefined) return
    this.events.note(entry)
    this.politeness.note(politeCallOf(entry, entry.throttle, this.#clock.monotonic()))
  }
}

/** An entry is written right before its answer is sent. */
function politeCallOf(
  entry: LogEntry,
  { admitted, retryAfterMs }: NonNullable<LogEntry['throttle']>,
  answeredAt: number,
): PoliteCall {
  const { accountId = '', accessKeyId = '', userName = null, remoteAddress = '', action = '', durationMs = 0 } = entry
  return {
    accountId,
    accessKeyId,
    userName,
    remoteAddress,
    action,
    arrivedAt: answeredAt - durationMs,
    answeredAt,
    toldMs: admitted ? undefined : retryAfterMs,
  }
}
