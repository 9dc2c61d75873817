import type { Clock } from '@apsaramq/model'
import { SlidingWindow, type Decision } from './sliding-window.ts'

/** Largest limit that can be set; it stands for none. */
export const maxLimitPerSecond = 1_000_000_000

function checkedLimit(perSecond: number): number {
  if (Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= maxLimitPerSecond) return perSecond
  throw new RangeError(
    `the limit must be a whole number of calls a second from 1 to ${maxLimitPerSecond}; it was ${perSecond}`,
  )
}

/** What a throttle is made with. */
export interface ThrottleOptions {
  clock: Clock
  /** Calls a second of every operation that has no quota of its own. */
  limitPerSecond: number
  /** Calls a second of the others, by operation. */
  quotaByAction?: ReadonlyMap<string, number>
}

/**
 * One window per account and operation. Callers whose window is empty leave the table, two looked at for each one
 * that comes, so it holds little more than the callers of the last second; nobody else ever does.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #windows = new Map<string, SlidingWindow>()
  readonly #quotaByAction: Map<string, number>
  #limit: number
  #sweep: Iterator<[string, SlidingWindow]> = this.#windows.entries()

  /** @throws {RangeError} when a limit is not a whole number from 1 to {@link maxLimitPerSecond} */
  constructor({ clock, limitPerSecond, quotaByAction = new Map() }: ThrottleOptions) {
    this.#clock = clock
    this.#limit = checkedLimit(limitPerSecond)
    this.#quotaByAction = new Map(quotaByAction)
    for (const quota of quotaByAction.values()) checkedLimit(quota)
  }

  /** Decides about a call of an account; RAM users count to theirs. */
  admit(accountId: string, action: string): Decision {
    const now = this.#clock.monotonic()
    return this.#windowOf(`${accountId}/${action}`, now).admit(now, this.limitOf(action))
  }

  /** Calls a second that an operation takes of one account. */
  limitOf(action: string): number {
    return this.#quotaByAction.get(action) ?? this.#limit
  }

  /**
   * Changes a limit for the next call on.
   *
   * @param action the operation that gets a quota of its own; where it is left out, the limit of those without one
   * @throws {RangeError} as the constructor, and nothing is changed
   */
  setLimit(perSecond: number, action?: string): void {
    const limit = checkedLimit(perSecond)
    if (action === undefined) this.#limit = limit
    else this.#quotaByAction.set(action, limit)
  }

  /** Forgets every caller. */
  reset(): void {
    this.#windows.clear()
    this.#sweep = this.#windows.entries()
  }

  /** How many windows are held. */
  get size(): number {
    return this.#windows.size
  }

  #windowOf(key: string, now: number): SlidingWindow {
    const known = this.#windows.get(key)
    if (known) return known
    this.#sweepOne(now)
    this.#sweepOne(now)
    const window = new SlidingWindow()
    this.#windows.set(key, window)
    return window
  }

  #sweepOne(now: number): void {
    const next = this.#sweep.next()
    if (next.done) this.#sweep = this.#windows.entries()
    else if (next.value[1].isEmpty(now)) this.#windows.delete(next.value[0])
  }
}
