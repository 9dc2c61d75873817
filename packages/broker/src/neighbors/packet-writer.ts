import { generate, writeToStream, type IPubrelPacket, type IPublishPacket } from 'mqtt-packet'
import type { DeliveringClient } from './aedes-client.ts'

/** What is sent to a subscriber. */
export type SentPacket = IPublishPacket | IPubrelPacket

/** Writes to the stream of a client, and knows how much of it has been taken. */
export class PacketWriter {
  readonly #client: DeliveringClient
  #written = 0

  constructor(client: DeliveringClient) {
    this.#client = client
  }

  /** Bytes that are written and not taken. */
  get unread(): number {
    return this.#client.conn.writableLength
  }

  /** Grows as the client takes what is written. */
  get taken(): number {
    return this.#written - this.unread
  }

  /** Exactly, header included. */
  bytesOf(packet: SentPacket): number {
    return generate(packet, this.#protocol()).length
  }

  /** @param onTaken called once the system has taken the packet and all before it, or the stream has closed */
  write(packet: SentPacket, onTaken?: () => void): void {
    const { conn } = this.#client
    const before = conn.writableLength
    if (onTaken) conn.write(generate(packet, this.#protocol()), onTaken)
    else writeToStream(packet, conn, this.#protocol())
    this.#written += conn.writableLength - before
  }

  #protocol(): object {
    return protocols[this.#client.version] ?? protocols[4]!
  }
}

const protocols: Readonly<Record<number, object>> = {
  3: { protocolVersion: 3 },
  4: { protocolVersion: 4 },
  5: { protocolVersion: 5 },
}
