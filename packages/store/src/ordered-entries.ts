/** A record in a table; `order` grows with every record that comes, and is kept while the record stays. */
export interface Entry<R = object> {
  record: R
  readonly order: number
}

/** How many entries a chunk holds before it is split: a change moves at most this many. */
const chunkSize = 1024

/**
 * Entries sorted by `order`, in chunks, so that an entry is found by binary search and that neither adding nor
 * removing one among a million moves more than a chunk.
 */
export class OrderedEntries<R = object> {
  #chunks: Entry<R>[][] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Adds an entry at its place; nearly always that is the end. */
  add(entry: Entry<R>): void {
    this.#length += 1
    const at = this.#chunkOf(entry.order)
    const chunk = this.#chunks[at]
    if (chunk === undefined) this.#chunks.push([entry])
    else if (isFullAtEnd(chunk, entry)) this.#chunks.splice(at + 1, 0, [entry])
    else this.#insert(at, chunk, entry)
  }

  /** Removes the entry of this order, if it is there. */
  remove(order: number): void {
    const at = this.#chunkOf(order)
    const chunk = this.#chunks[at]
    const position = chunk ? firstAtLeast(chunk, order) : 0
    if (chunk?.[position]?.order !== order) return
    chunk.splice(position, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    this.#length -= 1
  }

  /** The order of the entry at a position. */
  orderAt(position: number): number | undefined {
    for (const entry of this.from(position)) return entry.order
    return undefined
  }

  /** The entries from a position on; costs what is taken of them. */
  *from(position: number): Generator<Entry<R>> {
    let skip = position
    for (const chunk of this.#chunks) {
      for (let at = skip; at < chunk.length; at += 1) yield chunk[at]!
      skip = Math.max(0, skip - chunk.length)
    }
  }

  /** The records of a page. */
  page(offset: number, limit: number): R[] {
    const records: R[] = []
    let skip = offset
    for (const chunk of this.#chunks) {
      if (records.length >= limit) break
      const end = Math.min(chunk.length, skip + limit - records.length)
      for (let at = skip; at < end; at += 1) records.push(chunk[at]!.record)
      skip = Math.max(0, skip - chunk.length)
    }
    return records
  }

  /** The last chunk that begins at or before `order`, or the first. */
  #chunkOf(order: number): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#chunks[middle]![0]!.order <= order) low = middle
      else high = middle - 1
    }
    return low
  }

  #insert(at: number, chunk: Entry<R>[], entry: Entry<R>): void {
    const position = firstAtLeast(chunk, entry.order)
    if (position === chunk.length) chunk.push(entry)
    else chunk.splice(position, 0, entry)
    if (chunk.length > chunkSize) this.#chunks.splice(at + 1, 0, chunk.splice(chunkSize >>> 1))
  }
}

function isFullAtEnd<R>(chunk: Entry<R>[], entry: Entry<R>): boolean {
  return chunk.length >= chunkSize && chunk.at(-1)!.order < entry.order
}

/** The first position in sorted entries whose order is `order` or more. */
export function firstAtLeast(entries: readonly { readonly order: number }[], order: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.order < order) low = middle + 1
    else high = middle
  }
  return low
}
