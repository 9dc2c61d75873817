import { GatheredBytes } from './gathered-bytes.ts'

/** mqtt-packet walks over all pieces for each field that it reads: 32 of these are the most that a packet has. */
const enoughBytes = 4096

/**
 * Puts small pieces of a packet together before they are handed on: one packet of 128 KiB in records of ten bytes
 * would keep mqtt-packet busy for seconds, and each byte in a buffer of its own takes a hundred.
 */
export class LargerPieces {
  readonly #gathered = new GatheredBytes()

  /**
   * Takes the next bytes.
   *
   * @param unfinishedAt where in them a packet begins that they do not end; their length where there is none
   * @returns what is to be handed on now; null while more is to come first
   */
  join(chunk: Buffer, unfinishedAt: number): Buffer | null {
    const kept = this.#gathered.length
    const isAll = unfinishedAt === chunk.length || kept + chunk.length >= enoughBytes
    if (isAll && kept === 0) return chunk
    const end = isAll ? chunk.length : unfinishedAt
    if (end > 0) this.#gathered.append(chunk, 0, end)
    const { bytes } = this.#gathered
    if (end > 0) this.#gathered.clear()
    this.#gathered.append(chunk, end, chunk.length)
    return end > 0 ? bytes : null
  }
}
