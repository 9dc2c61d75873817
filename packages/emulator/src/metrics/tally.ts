/** Counts by label values: a map look-up a label and event, whatever reads them later. */
export class Tally {
  readonly #maxSeries: number
  readonly #root: Branch = { count: 0, branches: undefined }
  #series = 0

  /** @param maxSeries label values that are told apart; what comes later counts as `other` */
  constructor(maxSeries = 1000) {
    this.#maxSeries = maxSeries
  }

  /** Counts one; always with as many labels. */
  add(first: string, second?: string, third?: string): void {
    let branch = this.#under(this.#root, first)
    if (second !== undefined) branch = this.#under(branch, second)
    if (third !== undefined) branch = this.#under(branch, third)
    branch.count += 1
  }

  /** The label values that were seen, and how often. */
  *[Symbol.iterator](): Iterator<{ labels: string[]; count: number }> {
    yield* leaves(this.#root, [])
  }

  #under(branch: Branch, label: string): Branch {
    branch.branches ??= new Map()
    const known = branch.branches.get(label)
    if (known) return known
    if (this.#series >= this.#maxSeries && label !== other) return this.#under(branch, other)
    const made: Branch = { count: 0, branches: undefined }
    branch.branches.set(label, made)
    this.#series += 1
    return made
  }
}

interface Branch {
  count: number
  branches: Map<string, Branch> | undefined
}

const other = 'other'

function* leaves({ count, branches }: Branch, labels: string[]): Generator<{ labels: string[]; count: number }> {
  if (count > 0) yield { labels, count }
  for (const [label, branch] of branches ?? []) yield* leaves(branch, [...labels, label])
}
