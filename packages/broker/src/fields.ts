import { isUtf8 } from 'node:buffer'

/** Bytes that are no packet as the standard has it; the message says why. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket'
}

/** Reads the fields of a packet one after the other. Every reader throws {@link MalformedPacket} at a bad one. */
export class Fields {
  readonly #packet: string
  readonly #bytes: Buffer
  #at: number

  /** @param packet its name, for messages @param at where its first field begins */
  constructor(packet: string, bytes: Buffer, at: number) {
    this.#packet = packet
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.#take(1)[0]!
  }

  number(): number {
    return this.#take(2).readUInt16BE(0)
  }

  binary(): Buffer {
    return this.#take(this.number())
  }

  text(field: string): string {
    const bytes = this.binary()
    // [MQTT-1.5.3-1], [MQTT-1.5.3-2]: no surrogates, no U+0000
    if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8')
    throw new MalformedPacket(`the ${field} is not text in UTF-8`)
  }

  #take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new MalformedPacket(`${this.#packet} is cut short`)
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
