import type { LogEntry } from '@apsaramq/model'

/** What stands in a log: `seq` grows by one an entry. */
export interface Numbered {
  seq: number
}

/** The latest entries of a kind, oldest first. */
export class LogRing<E extends Numbered = LogEntry> {
  readonly #capacity: number
  #kept: E[] = []
  #cutOff = 0

  /** @param capacity entries that are kept */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  push(entry: E): void {
    this.#kept.push(entry)
    if (this.#kept.length < this.#capacity * 2) return // cut in one piece: shifting one at a time moves them all
    this.#cutOff = this.#kept.at(-this.#capacity - 1)!.seq
    this.#kept = this.#kept.slice(-this.#capacity)
  }

  /** The entries with a greater `seq`, at most `limit` of them, the oldest. */
  after(seq: number, limit = Infinity): E[] {
    const first = Math.max(0, this.#kept.length - this.#capacity)
    let [low, high] = [first, this.#kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#kept[middle]!.seq > seq) high = middle
      else low = middle + 1
    }
    return this.#kept.slice(low, low + limit)
  }

  /** The greatest `seq` that has left; 0 while none has. */
  get lostUpTo(): number {
    const gone = this.#kept.length - this.#capacity
    return gone > 0 ? this.#kept[gone - 1]!.seq : this.#cutOff
  }

  /** Forgets all of them. */
  clear(): void {
    this.#cutOff = this.#kept.at(-1)?.seq ?? this.#cutOff
    this.#kept = []
  }
}
