import type { Decision, Standing } from './decision.ts'
import { FixedWindow } from './fixed-window.ts'
import { SlidingWindow } from './sliding-window.ts'
import { TokenBucket } from './token-bucket.ts'

/**
 * What is remembered of the calls of one caller. Deciding and counting are apart, because a call that another window
 * refuses is counted in none. `now` is in milliseconds, of a source that never goes back; the limit may be another one
 * at every call.
 */
export interface Window {
  /** Whether a call at `now` is within the limit; counts nothing. */
  takes(now: number, limit: number): boolean
  /** Counts a call that was admitted at `now`. */
  count(now: number, limit: number): void
  /** How it stands at `now`. */
  standing(now: number, limit: number): Standing
  /** Whether nothing is left to remember at `now`. */
  isEmpty(now: number): boolean
}

/** How calls are counted; which of them the vendor has is not documented. LIMITS A-05 */
export type Algorithm = 'sliding' | 'fixed' | 'bucket'

/** A new, empty window of each algorithm. */
export const windowAlgorithms: Readonly<Record<Algorithm, () => Window>> = {
  sliding: () => new SlidingWindow(),
  fixed: () => new FixedWindow(),
  bucket: () => new TokenBucket(),
}

/** Decides about a call by one window alone, and counts it where it is admitted. */
export function admit(window: Window, now: number, limit: number): Decision {
  const admitted = window.takes(now, limit)
  if (admitted) window.count(now, limit)
  return { admitted, limit, ...window.standing(now, limit) }
}
