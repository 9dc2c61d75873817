import { windowAlgorithms, type Algorithm, type Window } from './algorithm.ts'
import { DepartedCounts, type CallCounts, type ForgottenCounts } from './departed-counts.ts'

/** Callers whose windows are empty and whose counts are kept, of one rule. */
const maxDeparted = 4_000

/** A window, whose it is, and what came of its calls. */
export interface CountedWindow {
  readonly window: Window
  readonly caller: string
  readonly accountId: string
  /** Undefined where all operations share it. */
  readonly action: string | undefined
  allowed: number
  refused: number
}

/**
 * The windows of a rule. Those that are empty leave, one looked at for each call and another for each caller that comes,
 * so it holds little more than the callers of the last second, also after many have come and gone; no other window ever
 * leaves. What came of the calls of those who left is remembered apart.
 */
export class WindowTable {
  readonly #make: () => Window
  readonly #windows = new Map<string, CountedWindow>()
  readonly #departed: DepartedCounts
  #sweep: Iterator<[string, CountedWindow]> = this.#windows.entries()

  /** @param capacity callers without calls in their window whose counts are kept */
  constructor(algorithm: Algorithm, capacity = maxDeparted) {
    this.#make = windowAlgorithms[algorithm]
    this.#departed = new DepartedCounts(capacity)
  }

  /** The window of a caller, a new one where there is none. */
  of(caller: string, accountId: string, action: string | undefined, now: number): CountedWindow {
    const key = action === undefined ? caller : `${action}/${caller}`
    this.#sweepOne(now)
    const known = this.#windows.get(key)
    if (known) return known
    this.#sweepOne(now)
    const { allowed = 0, refused = 0 } = this.#departed.take(key) ?? {}
    const window = { window: this.#make(), caller, accountId, action, allowed, refused }
    this.#windows.set(key, window)
    return window
  }

  get size(): number {
    return this.#windows.size
  }

  values(): Iterable<CountedWindow> {
    return this.#windows.values()
  }

  /** What came of the calls of those who left. */
  departed(): Iterable<CallCounts> {
    return this.#departed.values()
  }

  /** The same of those whose counts were more than are kept. */
  get forgotten(): ForgottenCounts {
    return this.#departed.forgotten
  }

  /** Forgets all of them. */
  clear(): void {
    this.#windows.clear()
    this.#departed.clear()
    this.#sweep = this.#windows.entries()
  }

  #sweepOne(now: number): void {
    const next = this.#sweep.next()
    if (next.done) this.#sweep = this.#windows.entries()
    else if (next.value[1].window.isEmpty(now)) this.#leave(...next.value)
  }

  #leave(key: string, counted: CountedWindow): void {
    this.#windows.delete(key)
    if (counted.allowed + counted.refused > 0) this.#departed.keep(key, counted)
  }
}
