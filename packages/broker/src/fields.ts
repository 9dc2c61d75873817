import { isUtf8 } from 'node:buffer'
import { malformed, PacketFault } from './fault.ts'

/** Reads the fields of a packet one after the other. Every reader throws {@link PacketFault} at a bad one. */
export class Fields {
  readonly #packet: string
  readonly #bytes: Buffer
  #at: number
  #end: number

  /** @param packet its name, for messages @param at where its first field begins @param end behind its last one */
  constructor(packet: string, bytes: Buffer, at: number, end = bytes.length) {
    this.#packet = packet
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  byte(): number {
    return this.#bytes[this.#skip(1)]!
  }

  number(): number {
    return this.#bytes.readUInt16BE(this.#skip(2))
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#skip(4))
  }

  /** A number of one to four bytes, in as few as it takes (5.0 §1.5.5). */
  variable(field: string): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) << shift
      if (byte >= 0x80) continue
      if (byte > 0 || shift === 0) return value
      throw new PacketFault(malformed(`the ${field} takes more bytes than it needs`)) // [MQTT-1.5.5-1]
    }
    throw new PacketFault(malformed(`the ${field} takes more than four bytes`)) // 5.0 §1.5.5
  }

  binary(): Buffer {
    const length = this.number()
    const from = this.#skip(length)
    return this.#bytes.subarray(from, from + length)
  }

  text(field: string): string {
    const bytes = this.binary()
    // [MQTT-1.5.3-1], [MQTT-1.5.3-2]: no surrogates, no U+0000
    if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8')
    throw new PacketFault(malformed(`the ${field} is not text in UTF-8`))
  }

  /** Fields of their own in the next bytes. @param packet their name */
  inner(packet: string, length: number): Fields {
    const from = this.#skip(length)
    return new Fields(packet, this.#bytes, from, from + length)
  }

  /** Passes over the next bytes. @returns where they begin */
  #skip(count: number): number {
    const from = this.#at
    if (from + count > this.#end) throw new PacketFault(malformed(`${this.#packet} is cut short`))
    this.#at = from + count
    return from
  }
}
