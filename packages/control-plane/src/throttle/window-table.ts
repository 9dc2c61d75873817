import { windowAlgorithms, type Algorithm, type Window } from './algorithm.ts'

/** A window, whose it is, and what came of its calls since it is remembered. */
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
 * The windows of a rule. Those that are empty leave, two looked at for each one that comes, so it holds little more than
 * the callers of the last second; nobody else ever does.
 */
export class WindowTable {
  readonly #make: () => Window
  readonly #windows = new Map<string, CountedWindow>()
  #sweep: Iterator<[string, CountedWindow]> = this.#windows.entries()

  constructor(algorithm: Algorithm) {
    this.#make = windowAlgorithms[algorithm]
  }

  /** The window of a caller, a new one where there is none. */
  of(caller: string, accountId: string, action: string | undefined, now: number): CountedWindow {
    const key = action === undefined ? caller : `${action}/${caller}`
    const known = this.#windows.get(key)
    if (known) return known
    this.#sweepOne(now)
    this.#sweepOne(now)
    const window = { window: this.#make(), caller, accountId, action, allowed: 0, refused: 0 }
    this.#windows.set(key, window)
    return window
  }

  get size(): number {
    return this.#windows.size
  }

  values(): Iterable<CountedWindow> {
    return this.#windows.values()
  }

  /** Forgets all of them. */
  clear(): void {
    this.#windows.clear()
    this.#sweep = this.#windows.entries()
  }

  #sweepOne(now: number): void {
    const next = this.#sweep.next()
    if (next.done) this.#sweep = this.#windows.entries()
    else if (next.value[1].window.isEmpty(now)) this.#windows.delete(next.value[0])
  }
}
