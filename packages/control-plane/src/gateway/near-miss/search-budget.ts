import type { Clock } from '@apsaramq/model'

const secondMs = 1000

/** Limits how many records a second are looked at for near misses: a flood of refusals may not become a flood of searches. */
export class SearchBudget {
  readonly #clock: Clock
  readonly #perSecond: number
  #since = 0
  #left: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#left = perSecond
  }

  /** Whether so many records may be looked at now. */
  take(records: number): boolean {
    const now = this.#clock.monotonic()
    if (now - this.#since >= secondMs) {
      this.#since = now
      this.#left = this.#perSecond
    }
    if (records > this.#left) return false
    this.#left -= records
    return true
  }

  reset(): void {
    this.#left = this.#perSecond
  }
}
