import type { Cancel, Clock } from '@apsaramq/model'

/** Tells of drops as they begin, and then once a second how many there were. */
export class DropLog<Kind extends string> {
  readonly #clock: Clock
  readonly #tell: (kind: Kind, count: number, about: string) => void
  readonly #counts = new Map<Kind, { count: number; about: string; cancel: Cancel }>()

  /** @param tell writes the line; `about` is the last client concerned */
  constructor(clock: Clock, tell: (kind: Kind, count: number, about: string) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  count(kind: Kind, about: string): void {
    const counting = this.#counts.get(kind)
    if (counting) {
      counting.count += 1
      counting.about = about
      return
    }
    this.#tell(kind, 1, about)
    this.#counts.set(kind, { count: 0, about, cancel: this.#clock.after(1000, () => this.#flush(kind)) })
  }

  /** Tells what was not told yet. */
  close(): void {
    for (const [kind, { cancel }] of this.#counts) {
      cancel()
      this.#flush(kind)
    }
  }

  #flush(kind: Kind): void {
    const counting = this.#counts.get(kind)
    this.#counts.delete(kind)
    if (!counting || counting.count === 0) return
    this.#tell(kind, counting.count, counting.about)
    this.#counts.set(kind, { ...counting, count: 0, cancel: this.#clock.after(1000, () => this.#flush(kind)) })
  }
}
