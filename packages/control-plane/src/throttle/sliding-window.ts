/** Length of the window, in milliseconds. */
export const windowMs = 1000

/** What the window says of one call. */
export interface Decision {
  admitted: boolean
  limit: number
  /** How many more calls the window takes now. */
  remaining: number
  /** Milliseconds until a call is admitted again, rounded up; 0 where one is now. */
  retryAfterMs: number
  /** Milliseconds until the window is empty, rounded up. */
  resetMs: number
}

/**
 * The calls one caller was admitted within the last second: a call is admitted when fewer than `limit` were in the
 * half-open window (now − 1000 ms, now]. Exact, not sampled. LIMITS A-05
 *
 * The times of the admitted calls stand in a ring that grows while they are within the window, so a limit that is
 * lowered and raised again forgets none. A decision costs O(1), amortized: each time is written and dropped once.
 */
export class SlidingWindow {
  #times = new Float64Array(8)
  #oldest = 0
  #count = 0

  /** Decides about a call at `now`, a time of a source that never goes back, and counts it where it is admitted. */
  admit(now: number, limit: number): Decision {
    this.#leaveOut(now)
    const admitted = this.#count < limit
    if (admitted) this.#push(now)
    const remaining = Math.max(0, limit - this.#count)
    return {
      admitted,
      limit,
      remaining,
      retryAfterMs: remaining > 0 ? 0 : this.#untilLeft(this.#count - limit, now),
      resetMs: this.#count === 0 ? 0 : this.#untilLeft(this.#count - 1, now),
    }
  }

  /** Whether nothing is left to remember at `now`. */
  isEmpty(now: number): boolean {
    return this.#count === 0 || now - this.#at(this.#count - 1) >= windowMs
  }

  #at(index: number): number {
    return this.#times[(this.#oldest + index) & (this.#times.length - 1)]!
  }

  #untilLeft(index: number, now: number): number {
    return Math.max(1, Math.ceil(this.#at(index) + windowMs - now))
  }

  #leaveOut(now: number): void {
    if (this.isEmpty(now)) this.#count = 0
    while (this.#count > 0 && now - this.#at(0) >= windowMs) {
      this.#oldest = (this.#oldest + 1) & (this.#times.length - 1)
      this.#count -= 1
    }
  }

  #push(now: number): void {
    if (this.#count === this.#times.length) this.#grow()
    this.#times[(this.#oldest + this.#count) & (this.#times.length - 1)] = now
    this.#count += 1
  }

  #grow(): void {
    const larger = new Float64Array(this.#times.length * 2) // a power of two: the index wraps by a mask
    for (let index = 0; index < this.#count; index += 1) larger[index] = this.#at(index)
    this.#times = larger
    this.#oldest = 0
  }
}
