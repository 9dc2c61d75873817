import type { Window } from './algorithm.ts'
import { waitOf, windowMs, type Standing } from './decision.ts'

/** What sums of fractions may be off by: a nanosecond. */
const toleranceMs = 1e-6

/**
 * A bucket of as many tokens as the limit, refilled with as many a second; a call takes one. Who has rested for a second
 * has a burst of the whole bucket, and of the refill beside it: at most limit + limit × t calls within t seconds.
 * LIMITS A-79
 *
 * All that is kept is how long the refill would take at the last call: a second is an empty bucket. So a limit that is
 * lowered and raised again leaves the spent share of the bucket as it was, and a lower one never takes longer than a
 * second to recover from. A share of a second keeps fractions that a time of day, or of a long run, would lose.
 */
export class TokenBucket implements Window {
  #at = 0
  #spentAtMs = 0

  takes(now: number, limit: number): boolean {
    return this.#spentMs(now) + windowMs / limit <= windowMs + toleranceMs
  }

  count(now: number, limit: number): void {
    this.#spentAtMs = this.#spentMs(now) + windowMs / limit
    this.#at = now
  }

  standing(now: number, limit: number): Standing {
    const tokenMs = windowMs / limit
    const spentMs = this.#spentMs(now)
    const takesOne = this.takes(now, limit)
    const whole = Math.floor((windowMs - spentMs + toleranceMs) / tokenMs)
    const remaining = takesOne ? Math.max(1, whole) : 0
    const untilNextMs = spentMs - windowMs + tokenMs - toleranceMs
    return {
      used: limit - remaining,
      remaining,
      retryAfterMs: takesOne ? 0 : waitOf(untilNextMs, now, (later) => this.takes(later, limit)),
      resetMs: spentMs === 0 ? 0 : waitOf(spentMs - toleranceMs, now, (later) => this.isEmpty(later)),
    }
  }

  isEmpty(now: number): boolean {
    return this.#spentMs(now) === 0
  }

  /** How long the refill takes, in milliseconds. */
  #spentMs(now: number): number {
    return Math.max(0, this.#spentAtMs - (now - this.#at))
  }
}
