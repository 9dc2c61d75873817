import { declinedOperations, operations } from '@apsaramq/control-plane'
import type { LogEntry } from '@apsaramq/model'
import { Histogram, type Registry } from 'prom-client'
import { Tally } from './tally.ts'

/** From a tenth of a millisecond, which a call takes, to the seconds after which SDKs give up. */
const secondsBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10]

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
  readonly #seconds: Histogram<'action'>
  readonly #secondsOf = new Map<string, Histogram.Internal<'action'>>()

  constructor(registry: Registry) {
    this.#seconds = new Histogram({
      name: 'apsaramq_api_call_duration_seconds',
      help: 'From the first byte that was read of an API call to its answer.',
      labelNames: ['action'],
      buckets: secondsBuckets,
      registers: [registry],
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
    if (durationMs !== undefined) this.#observerOf(action).observe(durationMs / 1000)
  }

  #observerOf(action: string): Histogram.Internal<'action'> {
    const known = this.#secondsOf.get(action)
    if (known) return known
    const observer = this.#seconds.labels(action)
    this.#secondsOf.set(action, observer)
    return observer
  }
}

const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']
