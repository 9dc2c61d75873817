import type { Entry } from './ordered-entries.ts'

/**
 * The records of a table at one moment, to be read little by little while the table goes on changing: it is told of
 * each entry before that changes, and keeps the record of those it has not come to yet. Taking it costs nothing,
 * however large the table is.
 */
export class TableSnapshot implements Iterable<object> {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #lastOrder: number
  readonly #kept = new Map<Entry, object>()
  #reached = -Infinity

  /** @param lastOrder the order of the last entry: what comes after it came later */
  constructor(entries: ReadonlyMap<string, Entry>, lastOrder: number) {
    this.#entries = entries
    this.#lastOrder = lastOrder
  }

  /** Called before an entry changes or goes. */
  keep(entry: Entry): void {
    const isComing = entry.order > this.#reached && entry.order <= this.#lastOrder
    if (isComing && !this.#kept.has(entry)) this.#kept.set(entry, entry.record)
  }

  /** Oldest first, but for records that have gone meanwhile: they come last. */
  *[Symbol.iterator](): Generator<object> {
    for (const entry of this.#entries.values()) {
      if (entry.order > this.#lastOrder) continue
      this.#reached = entry.order
      yield this.#kept.get(entry) ?? entry.record
      this.#kept.delete(entry)
    }
    this.#reached = Infinity
    yield* this.#kept.values()
  }
}
