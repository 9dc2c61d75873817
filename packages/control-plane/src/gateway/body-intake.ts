import { createHash, type Hash } from 'node:crypto'

/**
 * A body as it arrives. Its bytes are kept up to a bound, for a form to be read from; of a larger one only the hash
 * is computed, which is all that signature V3 needs of it.
 *
 * Pieces are copied into one buffer: a buffer for each would cost a client that sends single bytes hundreds of bytes
 * of ours for each.
 */
export class BodyIntake {
  readonly #maxKept: number
  #buffer: Buffer = Buffer.alloc(0)
  #kept = 0
  #digest: Hash | undefined
  /** Bytes that have come. */
  size = 0

  /** @param maxKept bytes; a body that is larger is kept no further than the piece that crosses the bound */
  constructor(maxKept: number) {
    this.#maxKept = maxKept
  }

  /** Takes a piece. @returns how many of its bytes are kept */
  add(piece: Buffer): number {
    this.size += piece.length
    if (this.#digest) {
      this.#digest.update(piece)
      return 0
    }
    this.#keep(piece)
    if (this.#kept > this.#maxKept) this.#digest = createHash('sha256').update(this.bytes)
    return piece.length
  }

  /** What is kept: all of it, or more than the bound. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#kept)
  }

  /** Lower-case hex SHA-256 of a body that is not kept whole; undefined for one that is. */
  hashOfLarge(): string | undefined {
    return this.#digest?.digest('hex')
  }

  #keep(piece: Buffer): void {
    if (this.#kept === 0) this.#buffer = piece
    else {
      if (this.#kept + piece.length > this.#buffer.length) this.#grow(this.#kept + piece.length)
      piece.copy(this.#buffer, this.#kept)
    }
    this.#kept += piece.length
  }

  #grow(atLeast: number): void {
    const larger = Buffer.alloc(Math.max(atLeast, this.#buffer.length * 2, 1024))
    this.#buffer.copy(larger, 0, 0, this.#kept)
    this.#buffer = larger
  }
}
