import type { Window } from './algorithm.ts'
import { waitUntil, windowMs, type Standing } from './decision.ts'

/** What sums of fractions may be off by: a nanosecond. */
const toleranceMs = 1e-6

/**
 * A bucket of as many tokens as the limit, refilled with as many a second; a call takes one. Who has rested for a second
 * has a burst of the whole bucket, and of the refill beside it: at most limit + limit × t calls within t seconds.
 * LIMITS A-79
 *
 * All that is kept is the moment it is full again: a second from now is empty. So a limit that is lowered and raised
 * again leaves the spent share of the bucket as it was, and a lower one never takes longer than a second to recover from.
 */
export class TokenBucket implements Window {
  #fullAt = 0

  takes(now: number, limit: number): boolean {
    return this.#spentMs(now) + windowMs / limit <= windowMs + toleranceMs
  }

  count(now: number, limit: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + windowMs / limit
  }

  standing(now: number, limit: number): Standing {
    const tokenMs = windowMs / limit
    const takesOne = this.takes(now, limit)
    const whole = Math.floor((windowMs - this.#spentMs(now) + toleranceMs) / tokenMs)
    const remaining = takesOne ? Math.max(1, whole) : 0
    const nextAt = this.#fullAt - windowMs + tokenMs
    return {
      used: limit - remaining,
      remaining,
      retryAfterMs: takesOne ? 0 : waitUntil(nextAt, now, (later) => this.takes(later, limit)),
      resetMs: this.isEmpty(now) ? 0 : waitUntil(this.#fullAt, now, (later) => this.isEmpty(later)),
    }
  }

  isEmpty(now: number): boolean {
    return this.#spentMs(now) === 0
  }

  /** How long the refill takes, in milliseconds. */
  #spentMs(now: number): number {
    return Math.max(0, this.#fullAt - now)
  }
}
