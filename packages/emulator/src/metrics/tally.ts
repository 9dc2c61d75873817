/** Counts by label values: a map look-up an event, whatever reads them later. */
export class Tally {
  readonly #maxSeries: number
  readonly #counts = new Map<string, number>()

  /** @param maxSeries label values that are told apart; what comes later counts as `other` */
  constructor(maxSeries = 1000) {
    this.#maxSeries = maxSeries
  }

  add(...labels: readonly string[]): void {
    const key = labels.length === 1 ? labels[0]! : labels.join('\n')
    const count = this.#counts.get(key)
    if (count !== undefined) this.#counts.set(key, count + 1)
    else if (this.#counts.size < this.#maxSeries) this.#counts.set(key, 1)
    else this.#addOther(labels.length)
  }

  /** The label values that were seen, and how often. */
  *[Symbol.iterator](): Iterator<{ labels: string[]; count: number }> {
    for (const [key, count] of this.#counts) yield { labels: key.split('\n'), count }
  }

  #addOther(labels: number): void {
    const key = Array.from({ length: labels }, () => 'other').join('\n')
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }
}
