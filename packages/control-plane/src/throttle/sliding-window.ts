import type { Window } from './algorithm.ts'
import { waitOf, windowMs, type Standing } from './decision.ts'

/**
 * The calls one caller was admitted within the last second: a call is admitted when fewer than the limit were in the
 * half-open window (now − 1000 ms, now]. Exact, not sampled. LIMITS A-05
 *
 * The times of the admitted calls stand in a ring that grows while they are within the window, so a limit that is
 * lowered and raised again forgets none. A decision costs O(1), amortized: each time is written and dropped once.
 */
export class SlidingWindow implements Window {
  #times = new Float64Array(8)
  #oldest = 0
  #count = 0

  takes(now: number, limit: number): boolean {
    this.#leaveOut(now)
    return this.#count < limit
  }

  count(now: number): void {
    if (this.#count === this.#times.length) this.#grow()
    this.#times[(this.#oldest + this.#count) & (this.#times.length - 1)] = now
    this.#count += 1
  }

  standing(now: number, limit: number): Standing {
    this.#leaveOut(now)
    const remaining = Math.max(0, limit - this.#count)
    return {
      used: this.#count,
      remaining,
      retryAfterMs: remaining > 0 ? 0 : this.#untilLeft(this.#count - limit, now),
      resetMs: this.#count === 0 ? 0 : this.#untilLeft(this.#count - 1, now),
    }
  }

  isEmpty(now: number): boolean {
    return this.#count === 0 || this.#hasLeft(this.#count - 1, now)
  }

  #at(index: number): number {
    return this.#times[(this.#oldest + index) & (this.#times.length - 1)]!
  }

  #hasLeft(index: number, now: number): boolean {
    return now - this.#at(index) >= windowMs
  }

  #untilLeft(index: number, now: number): number {
    return waitOf(windowMs - (now - this.#at(index)), now, (later) => this.#hasLeft(index, later))
  }

  #leaveOut(now: number): void {
    if (this.isEmpty(now)) this.#count = 0
    while (this.#count > 0 && this.#hasLeft(0, now)) {
      this.#oldest = (this.#oldest + 1) & (this.#times.length - 1)
      this.#count -= 1
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#times.length * 2) // a power of two: the index wraps by a mask
    for (let index = 0; index < this.#count; index += 1) larger[index] = this.#at(index)
    this.#times = larger
    this.#oldest = 0
  }
}
