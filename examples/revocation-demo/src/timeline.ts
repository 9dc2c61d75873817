import type { Clock } from '@apsaramq/model'

/** One thing that happened. */
export interface TimelineEvent {
  /** Stable, machine-readable: `close-seen`, `inactivation-answered` … */
  event: string
  /** Milliseconds since the act began. */
  atMs: number
  /** The same moment as wall-clock time, ISO 8601. */
  at: string
  detail: string
}

/** Takes down what happens, when it happens. */
export interface Timeline {
  /** @param at moment on the clock's monotonic source; now without a value */
  note(event: string, detail: string, at?: number): void
  /** In the order of their moments. */
  events(): TimelineEvent[]
}

/** A timeline that begins now. */
export function createTimeline(clock: Clock): Timeline {
  const beganAt = clock.monotonic()
  const wallBeganAt = clock.now()
  const events: TimelineEvent[] = []
  return {
    note(event, detail, at = clock.monotonic()) {
      const atMs = Math.round((at - beganAt) * 1_000) / 1_000
      events.push({ event, atMs, at: new Date(wallBeganAt + atMs).toISOString(), detail })
    },
    events: () => [...events].sort((a, b) => a.atMs - b.atMs),
  }
}

/** The moment of the first event of this name; undefined where there is none. */
export function momentOf(events: readonly TimelineEvent[], event: string): number | undefined {
  return events.find((one) => one.event === event)?.atMs
}
