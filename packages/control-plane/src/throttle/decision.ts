/** Length of every window, in milliseconds. */
export const windowMs = 1000

/** How a window stands at a moment. */
export interface Standing {
  /** Calls that the window holds. */
  used: number
  /** How many more calls the window takes now. */
  remaining: number
  /** Milliseconds until a call is admitted again, rounded up; 0 where one is now. */
  retryAfterMs: number
  /** Milliseconds until the window is empty, rounded up. */
  resetMs: number
}

/** What a window says of one call, and how it stands behind it. */
export interface Decision extends Standing {
  admitted: boolean
  limit: number
}

/**
 * Whole milliseconds from `now` until `leftMs` are over, at least 1: after so many `isOver` holds, whatever the fractions
 * of the time source have lost in its sum. What is left is a difference, exact also where the source has gone on for years.
 */
export function waitOf(leftMs: number, now: number, isOver: (later: number) => boolean): number {
  const wait = Math.max(1, Math.ceil(leftMs))
  return isOver(now + wait) ? wait : wait + 1
}
