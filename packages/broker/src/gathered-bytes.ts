const empty = Buffer.alloc(0)
const firstSize = 64

/**
 * Bytes that come in pieces, copied into one buffer that doubles: a piece of one byte costs a byte, and nothing is
 * taken for what has been announced and has not come.
 */
export class GatheredBytes {
  #buffer = empty
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What has come so far; valid until the next change. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  append(chunk: Buffer, from: number, to: number): void {
    const length = this.#length + to - from
    if (length > this.#buffer.length) this.#grow(length)
    chunk.copy(this.#buffer, this.#length, from, to)
    this.#length = length
  }

  clear(): void {
    this.#buffer = empty
    this.#length = 0
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length, firstSize))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
