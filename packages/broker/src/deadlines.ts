import TinyQueue from 'tinyqueue'
import type { Cancel, Clock } from '@apsaramq/model'

/** One timer sleeps no longer: the clock may have been set meanwhile, and Node.js takes 2^31 ms at most. */
const longestSleepMs = 10 * 60_000

interface Entry {
  key: string
  at: number
  /** Of two that fall due together the one that came first goes first. */
  order: number
  isDropped: boolean
}

/** Which clock the deadlines are on: wall-clock moments or durations. */
export type TimeSource = 'now' | 'monotonic'

/** Moments by key, any number of them, behind one timer. */
export class Deadlines {
  readonly #clock: Clock
  readonly #source: TimeSource
  readonly #onDue: (keys: string[]) => void
  readonly #byKey = new Map<string, Entry>()
  #queue = newQueue([])
  #order = 0
  #wakesAt = Infinity
  #cancelTimer: Cancel = () => undefined

  /** @param onDue told what fell due since the last look, in order of time; must not throw */
  constructor(clock: Clock, source: TimeSource, onDue: (keys: string[]) => void) {
    this.#clock = clock
    this.#source = source
    this.#onDue = onDue
  }

  /** How many there are. */
  get size(): number {
    return this.#byKey.size
  }

  /** @param at in ms of the source; takes the place of what was set for the key */
  set(key: string, at: number): void {
    this.delete(key)
    this.#order += 1
    const entry = { key, at, order: this.#order, isDropped: false }
    this.#byKey.set(key, entry)
    this.#queue.push(entry)
    if (at < this.#wakesAt) this.#sleep()
  }

  delete(key: string): void {
    const entry = this.#byKey.get(key)
    if (!entry) return
    entry.isDropped = true // a heap finds nothing but its first: the others go when they come up, or all together
    this.#byKey.delete(key)
    if (this.#queue.length > 64 + 2 * this.#byKey.size) this.#queue = newQueue([...this.#byKey.values()])
    if (this.#byKey.size === 0) this.#stop()
  }

  clear(): void {
    this.#byKey.clear()
    this.#queue = newQueue([])
    this.#stop()
  }

  #stop(): void {
    this.#cancelTimer()
    this.#wakesAt = Infinity
  }

  #sleep(): void {
    this.#stop()
    const next = this.#next()
    if (!next) return
    const now = this.#clock[this.#source]()
    const ms = Math.min(Math.max(0, next.at - now), longestSleepMs)
    this.#wakesAt = now + ms
    this.#cancelTimer = this.#clock.after(ms, () => this.#wake())
  }

  #wake(): void {
    const due = this.#takeDue(this.#clock[this.#source]())
    this.#sleep()
    if (due.length > 0) this.#onDue(due)
  }

  #takeDue(now: number): string[] {
    const due: string[] = []
    for (let next = this.#next(); next && next.at <= now; next = this.#next()) {
      this.#queue.pop()
      this.#byKey.delete(next.key)
      due.push(next.key)
    }
    return due
  }

  #next(): Entry | undefined {
    while (this.#queue.peek()?.isDropped) this.#queue.pop()
    return this.#queue.peek()
  }
}

function newQueue(entries: Entry[]): TinyQueue<Entry> {
  return new TinyQueue(entries, (one, other) => one.at - other.at || one.order - other.order)
}
