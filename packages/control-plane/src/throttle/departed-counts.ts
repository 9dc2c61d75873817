import type { CountedWindow } from './window-table.ts'

/** Whose calls they were, and what came of them. */
export type CallCounts = Omit<CountedWindow, 'window'>

/** What came of the calls of callers that are remembered one by one no longer. */
export interface ForgottenCounts {
  callers: number
  allowed: number
  refused: number
}

/**
 * What came of the calls of those whose windows are empty, so that totals outlive the second they are of. The callers
 * who left first are forgotten when there are too many, and counted as one: sums stay true.
 */
export class DepartedCounts {
  readonly #capacity: number
  readonly #counts = new Map<string, CallCounts>()
  #forgotten: ForgottenCounts = { callers: 0, allowed: 0, refused: 0 }

  /** @param capacity callers that are remembered */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get forgotten(): ForgottenCounts {
    return this.#forgotten
  }

  /** Remembers the counts of a caller whose window goes. */
  keep(key: string, { caller, accountId, action, allowed, refused }: CallCounts): void {
    this.#counts.set(key, { caller, accountId, action, allowed, refused })
    if (this.#counts.size > this.#capacity) this.#forgetOldest()
  }

  /** The counts of a caller that has come back; they are its window's from now on. */
  take(key: string): CallCounts | undefined {
    const counts = this.#counts.get(key)
    if (counts) this.#counts.delete(key)
    return counts
  }

  values(): Iterable<CallCounts> {
    return this.#counts.values()
  }

  clear(): void {
    this.#counts.clear()
    this.#forgotten = { callers: 0, allowed: 0, refused: 0 }
  }

  #forgetOldest(): void {
    const [key, { allowed, refused }] = this.#counts.entries().next().value!
    this.#counts.delete(key)
    const { callers, ...sums } = this.#forgotten
    this.#forgotten = { callers: callers + 1, allowed: sums.allowed + allowed, refused: sums.refused + refused }
  }
}
