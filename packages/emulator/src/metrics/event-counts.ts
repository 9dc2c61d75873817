import { declinedOperations, operations } from '@apsaramq/control-plane'
import type { LogEntry } from '@apsaramq/model'
import type { Registry } from 'prom-client'
import { DurationHistogram } from './duration-histogram.ts'
import { Tally } from './tally.ts'

const knownActions = new Set([...operations.map(({ action }) => action), ...Object.keys(declinedOperations)])

/** An action is what a client wrote: one that does not exist must not become a series. */
function actionOf({ action }: LogEntry): string {
  return action !== undefined && knownActions.has(action) ? action : 'unknown'
}

/** What the log entries of a run come to, counted as they are written. */
export class EventCounts {
  readonly calls = new Tally()
  readonly callRefusals = new Tally()
  readonly throttled = new Tally()
  readonly connectionRefusals = new Tally()
  readonly drops = new Tally()
  readonly entries = new Tally()
  readonly #seconds: DurationHistogram

  constructor(registry: Registry) {
    this.#seconds = new DurationHistogram({
      name: 'apsaramq_api_call_duration_seconds',
      help: 'From the first byte that was read of an API call to its answer.',
      label: 'action',
      registry,
    })
  }

  count(entry: LogEntry): void {
    const { kind, plane, cause = 'none' } = entry
    this.entries.add(plane, kind)
    if (kind === 'call') this.#countCall(entry)
    else if (kind === 'drop') this.drops.add(cause)
    else if (kind === 'refuse' && plane === 'mqtt') this.connectionRefusals.add(cause)
  }

  #countCall(entry: LogEntry): void {
    const { status = 0, code = 'OK', cause, durationMs } = entry
    const action = actionOf(entry)
    this.calls.add(action, code, statusClasses[Math.floor(status / 100)] ?? 'none')
    if (cause !== undefined) this.callRefusals.add(cause)
    if (cause === 'throttled') this.throttled.add(action)
    if (durationMs !== undefined) this.#seconds.observe(action, durationMs / 1000)
  }
}

const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']
