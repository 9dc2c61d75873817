import type { Metric, Registry } from 'prom-client'

/** From a tenth of a millisecond, which a call takes, to the seconds after which SDKs give up. */
const upToSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10]

/** The durations of one label value: how many fell under each bound, the last is without bound. */
interface Durations {
  counts: number[]
  sum: number
}

/**
 * A histogram of durations by one label. It counts in a tenth of the time that the library's own takes, which every
 * call would pay for; the library writes it out.
 */
export class DurationHistogram {
  readonly name: string
  readonly help: string
  readonly #label: string
  readonly #byValue = new Map<string, Durations>()

  constructor({ name, help, label, registry }: { name: string; help: string; label: string; registry: Registry }) {
    this.name = name
    this.help = help
    this.#label = label
    registry.registerMetric(this as unknown as Metric) // name and get() are all that a registry asks of a metric
  }

  observe(value: string, seconds: number): void {
    let durations = this.#byValue.get(value)
    if (!durations) this.#byValue.set(value, (durations = { counts: upToSeconds.map(() => 0).concat(0), sum: 0 }))
    let bucket = 0
    while (bucket < upToSeconds.length && seconds > upToSeconds[bucket]!) bucket += 1
    durations.counts[bucket]! += 1
    durations.sum += seconds
  }

  /** What the registry writes out. */
  async get() {
    const values = [...this.#byValue].flatMap(([value, durations]) => this.#samplesOf(value, durations))
    return { name: this.name, help: this.help, type: 'histogram', aggregator: 'sum', values }
  }

  #samplesOf(value: string, { counts, sum }: Durations) {
    const label = { [this.#label]: value }
    let below = 0
    const buckets = counts.map((count, at) => ({
      metricName: `${this.name}_bucket`,
      labels: { le: upToSeconds[at] ?? '+Inf', ...label },
      value: (below += count),
    }))
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels: label, value: sum },
      { metricName: `${this.name}_count`, labels: label, value: below },
    ]
  }
}
