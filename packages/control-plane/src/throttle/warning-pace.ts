import type { Clock } from '@apsaramq/model'

const quietMs = 1_000

/** Lets one warning a second through, so that a flood of calls is not one of warnings, and counts the others. */
export class WarningPace {
  readonly #clock: Clock
  #saidAt = Number.NEGATIVE_INFINITY
  #unsaid = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many were kept back since the last one, if this one is to be said; else undefined. */
  next(): number | undefined {
    const now = this.#clock.monotonic()
    if (now - this.#saidAt < quietMs) {
      this.#unsaid += 1
      return undefined
    }
    const unsaid = this.#unsaid
    this.#saidAt = now
    this.#unsaid = 0
    return unsaid
  }

  /** As if nothing had been said. */
  reset(): void {
    this.#saidAt = Number.NEGATIVE_INFINITY
    this.#unsaid = 0
  }
}
