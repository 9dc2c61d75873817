import type { Clock } from '@apsaramq/model'

/**
 * How a call differs from what the pages say, though it may be answered.
 * `unread-parameter`: no operation reads it · `repeated-parameter`: it has more than one value ·
 * `undocumented-method`, `undocumented-place`: the page of the operation lists another (LIMITS A-30) ·
 * `signed-headers`: SignedHeaders is not as the page of the signature wants it
 */
export type DeviationKind =
  | 'unread-parameter'
  | 'repeated-parameter'
  | 'undocumented-method'
  | 'undocumented-place'
  | 'signed-headers'

/** One deviation of one call. */
export interface Deviation {
  kind: DeviationKind
  /** The parameter, the method, the place or the header. */
  about: string
  /** What was probably meant; asked when it is seen first. */
  suggest?: () => string | undefined
}

/** Whose call it is. */
export interface DeviatingCall {
  accessKeyId: string
  action: string
  requestId: string
  /** The User-Agent of the client; empty where it sends none. */
  client: string
}

/** A deviation as it is reported, once for each access key, operation and subject. */
export interface DeviationEntry {
  accessKeyId: string
  action: string
  kind: DeviationKind
  about: string
  suggestion: string | null
  count: number
  /** Wall-clock milliseconds. */
  firstAt: number
  lastAt: number
  lastRequestId: string
  /** The User-Agent of the last call. */
  client: string
}

/** What `GET /conformance` answers. */
export interface ConformanceReport {
  /** The most frequent first. */
  entries: DeviationEntry[]
  /** Most entries that are kept. */
  capacity: number
  /** Deviations that found no room; they are counted nowhere else. */
  uncounted: number
}

const defaultCapacity = 1000
const maxLength = 128

const clip = (text: string) => (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text)

/** Counts deviations. Names come from callers, so their number and their length are bounded. */
export class DeviationTable {
  readonly #clock: Clock
  readonly #capacity: number
  readonly #entries = new Map<string, DeviationEntry>()
  #uncounted = 0

  constructor(clock: Clock, capacity = defaultCapacity) {
    this.#clock = clock
    this.#capacity = capacity
  }

  count(call: DeviatingCall, deviation: Deviation): void {
    const about = clip(deviation.about)
    const key = JSON.stringify([call.accessKeyId, call.action, deviation.kind, about])
    const entry = this.#entries.get(key) ?? this.#add(key, call, { ...deviation, about })
    if (entry === undefined) return
    entry.count += 1
    entry.lastAt = this.#clock.now()
    entry.lastRequestId = call.requestId
    entry.client = clip(call.client)
  }

  report(): ConformanceReport {
    const entries = [...this.#entries.values()].map((entry) => ({ ...entry }))
    return {
      entries: entries.sort((one, other) => other.count - one.count),
      capacity: this.#capacity,
      uncounted: this.#uncounted,
    }
  }

  reset(): void {
    this.#entries.clear()
    this.#uncounted = 0
  }

  #add(key: string, call: DeviatingCall, { kind, about, suggest }: Deviation): DeviationEntry | undefined {
    if (this.#entries.size >= this.#capacity) {
      this.#uncounted += 1
      return undefined
    }
    const { accessKeyId, action, requestId, client } = call
    const at = this.#clock.now()
    const subject = { accessKeyId: clip(accessKeyId), action, kind, about, suggestion: suggest?.() ?? null }
    const entry = { ...subject, count: 0, firstAt: at, lastAt: at, lastRequestId: requestId, client }
    this.#entries.set(key, entry)
    return entry
  }
}
