import type { Window } from './algorithm.ts'
import { waitOf, windowMs, type Standing } from './decision.ts'

const secondOf = (now: number) => Math.floor(now / windowMs)

/**
 * The calls one caller was admitted in the present second. Seconds follow one another on the time source, the same for
 * every caller, so that up to twice the limit is admitted within any second that crosses a boundary: that is what this
 * algorithm is. LIMITS A-79
 */
export class FixedWindow implements Window {
  #second = 0
  #count = 0

  takes(now: number, limit: number): boolean {
    return this.#used(now) < limit
  }

  count(now: number): void {
    this.#count = this.#used(now) + 1
    this.#second = secondOf(now)
  }

  standing(now: number, limit: number): Standing {
    const used = this.#used(now)
    const remaining = Math.max(0, limit - used)
    const resetMs = used === 0 ? 0 : this.#untilNext(now)
    return { used, remaining, retryAfterMs: remaining > 0 ? 0 : resetMs, resetMs }
  }

  isEmpty(now: number): boolean {
    return this.#used(now) === 0
  }

  #used(now: number): number {
    return secondOf(now) === this.#second ? this.#count : 0
  }

  #untilNext(now: number): number {
    const next = secondOf(now) + 1
    return waitOf(next * windowMs - now, now, (later) => secondOf(later) >= next)
  }
}
