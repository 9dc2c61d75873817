/** Ends a pending {@link Clock.after}; calling it late or twice does nothing. */
export type Cancel = () => void

/** Where every room takes its time from, so that a test or a user can hold it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Milliseconds, with fractions, on a source that never goes back. */
  monotonic(): number
  /** Runs `work` once, `delayMs` milliseconds from now; does not keep the process alive. */
  after(delayMs: number, work: () => void): Cancel
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves both sources by `ms` and runs what fell due, in order of its time. */
  advance(ms: number): void
}

/**
 * A clock that stands still until it is advanced.
 *
 * @param startAt wall-clock milliseconds at which it stands first
 */
export function manualClock(startAt = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0
  const pending = new Set<{ at: number; work: () => void }>()
  const earliest = (until: number) => [...pending].filter((job) => job.at <= until).sort((a, b) => a.at - b.at)[0]
  return {
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    after(delayMs, work) {
      const job = { at: elapsed + Math.max(0, delayMs), work }
      pending.add(job)
      return () => void pending.delete(job)
    },
    advance(ms) {
      const until = elapsed + ms
      for (let job = earliest(until); job; job = earliest(until)) {
        pending.delete(job)
        elapsed = Math.max(elapsed, job.at)
        job.work()
      }
      elapsed = until
    },
  }
}
