import type { ControlPlane } from '@apsaramq/control-plane'
import type { Clock } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import { Counter, Gauge, Registry } from 'prom-client'
import type { AssumptionLedger } from '../assumption-ledger.ts'
import type { LogStreams } from '../log-streams.ts'
import type { Recorder } from '../recorder.ts'
import { EventCounts } from './event-counts.ts'
import { Tally } from './tally.ts'
import { callLabels, limitLabels, limitsInForce, throttledCalls } from './throttle-series.ts'

/** What metrics are read from. */
export interface MetricsParts {
  recorder: Recorder
  ledger: AssumptionLedger
  streams: LogStreams
  clock: Clock
}

/** What can be measured once the start is over. */
export interface MeasuredParts {
  store: Store
  controlPlane: Pick<ControlPlane, 'figures' | 'limits'>
}

type Series = Iterable<{ labels: readonly string[]; count: number }>

/**
 * The metrics of a run for Prometheus. They are counted where the log is written, with a look-up or two an entry, and
 * become text only when they are asked for. They go on across a reset: they speak of the run.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #counts: EventCounts
  readonly #changes = new Tally()
  #resets = 0
  #measured: MeasuredParts | undefined

  constructor(parts: MetricsParts) {
    this.#counts = new EventCounts(this.#registry)
    parts.recorder.subscribe((entry) => this.#counts.count(entry))
    this.#countersOfEvents()
    this.#countersOfState(parts)
    this.#gauges(parts)
    this.#processGauges(parts.clock)
    this.#throttle()
  }

  /** Follows the store, whose figures are shown from now on. */
  measure(measured: MeasuredParts): void {
    this.#measured = measured
    measured.store.subscribe(({ collection }) => this.#changes.add(collection))
    measured.store.onReset(() => (this.#resets += 1))
  }

  /** Media type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** All of them in the text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #countersOfEvents(): void {
    const { calls, callRefusals, throttled, connectionRefusals, drops, entries } = this.#counts
    this.#counter('api_calls_total', 'API calls that were answered.', ['action', 'code', 'status'], () => calls)
    this.#counter('api_refusals_total', 'API calls that were refused, by cause.', ['cause'], () => callRefusals)
    this.#counter('api_throttled_total', 'API calls above the limit.', ['action'], () => throttled)
    this.#counter('mqtt_refusals_total', 'Connections that were refused.', ['cause'], () => connectionRefusals)
    this.#counter('mqtt_drops_total', 'Live sessions that the emulator ended.', ['cause'], () => drops)
    this.#counter(
      'log_entries_total',
      'Entries of the log; mqtt/connect are accepted sessions.',
      ['plane', 'kind'],
      () => entries,
    )
  }

  #countersOfState({ ledger }: MetricsParts): void {
    this.#counter('store_changes_total', 'Records that commits have changed.', ['collection'], () => this.#changes)
    this.#counter('store_resets_total', 'How often the store was wiped and seeded.', [], () => one(this.#resets))
    const touched = () => ledger.entries().map(({ id, touched: count }) => ({ labels: [id], count }))
    this.#counter(
      'assumptions_touched_total',
      'How often the run has rested on an assumption of LIMITS.md.',
      ['id'],
      touched,
    )
  }

  #gauges({ streams }: MetricsParts): void {
    this.#gauge('log_streams', 'Open streams of the log.', [], () => one(streams.count))
    this.#gauge('mqtt_sessions', 'Live sessions.', ['protocol', 'transport'], () => this.#sessions())
    this.#gauge('ca_certificates', 'Registered CA certificates.', ['status'], () => this.#cas())
    this.#gauge('device_certificates', 'Registered device certificates.', [], () => this.#devices())
    this.#gauge('nonces', 'Nonces that are remembered.', [], () => one(this.#measured?.controlPlane.figures().nonces))
    this.#gauge('throttle_windows', 'Windows of the throttle that hold calls.', [], () =>
      one(this.#measured?.controlPlane.figures().throttleWindows),
    )
  }

  #processGauges(clock: Clock): void {
    const startedAt = clock.now() / 1000
    this.#gauge('start_time_seconds', 'When the emulator was started.', [], () => one(startedAt))
    this.#gauge('process_resident_memory_bytes', 'Resident memory.', [], () => one(process.memoryUsage().rss))
    this.#gauge('process_heap_used_bytes', 'Heap in use.', [], () => one(process.memoryUsage().heapUsed))
    this.#counter('process_cpu_seconds_total', 'Processor time.', [], () => {
      const { user, system } = process.cpuUsage()
      return one((user + system) / 1e6)
    })
  }

  #throttle(): void {
    const limits = () => this.#measured?.controlPlane.limits()
    const calls = 'Calls by what each rule of the throttle made of them, since the start or the last reset.'
    this.#counter('throttle_calls_total', calls, callLabels, () => mapped(limits(), throttledCalls))
    const help = 'Calls a second that a rule allows, of no account or operation in particular where the label is empty.'
    this.#gauge('throttle_limit', help, limitLabels, () => mapped(limits(), limitsInForce))
  }

  *#sessions(): Series {
    const tally = new Tally()
    for (const { protocol, transport } of this.#measured?.store.sessions.list('all') ?? [])
      tally.add(protocol, transport)
    yield* tally
  }

  async #cas(): Promise<Series> {
    const tally = new Tally()
    for (const { status } of await this.#registeredCas()) tally.add(status)
    return tally
  }

  async #devices(): Promise<Series> {
    const read = this.#measured?.store.read.deviceCertificates
    const cas = await this.#registeredCas()
    const counts = await Promise.all(cas.map(({ id }) => read?.count('byCa', id) ?? 0))
    return one(counts.reduce((sum, count) => sum + count, 0))
  }

  async #registeredCas() {
    const page = await this.#measured?.store.read.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
    return page?.records ?? []
  }

  #counter(name: string, help: string, labelNames: string[], read: () => Series | Promise<Series>): void {
    const registers = [this.#registry]
    const counter: Counter = new Counter({
      name: `apsaramq_${name}`,
      help,
      labelNames,
      registers,
      async collect() {
        counter.reset()
        for (const { labels, count } of await read()) counter.inc(labelled(labelNames, labels), count)
      },
    })
  }

  #gauge(name: string, help: string, labelNames: string[], read: () => Series | Promise<Series>): void {
    const registers = [this.#registry]
    const gauge: Gauge = new Gauge({
      name: `apsaramq_${name}`,
      help,
      labelNames,
      registers,
      async collect() {
        gauge.reset()
        for (const { labels, count } of await read()) gauge.set(labelled(labelNames, labels), count)
      },
    })
  }
}

function one(count: number | undefined): Series {
  return count === undefined ? [] : [{ labels: [], count }]
}

function mapped<T>(value: T | undefined, series: (value: T) => Series): Series {
  return value === undefined ? [] : series(value)
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
}
