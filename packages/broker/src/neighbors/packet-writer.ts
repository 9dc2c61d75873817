import type { Cancel, Clock } from '@apsaramq/model'
import { generate, type IPubrelPacket, type IPublishPacket } from 'mqtt-packet'
import type { DeliveringClient, OutgoingPacket } from './aedes-client.ts'
import type { NeighborLimits } from './limits.ts'

/** What is sent to a subscriber. */
export type SentPacket = IPublishPacket | IPubrelPacket

/** What a writer needs. */
export interface PacketWriterDeps {
  clock: Clock
  limits: Pick<NeighborLimits, 'pauseAtBytes' | 'stallMs'>
  /** The client has taken what was written before the pause. */
  onResume(): void
  /** The client has taken nothing for as long as it may. */
  onStall(): void
}

/** Writes to the stream of a client, and watches how it is taken. */
export class PacketWriter {
  readonly #deps: PacketWriterDeps
  readonly #client: DeliveringClient
  #isCorked = false
  #written = 0
  /** Set while a write is waited for to be taken. */
  #watch: Cancel | undefined

  constructor(deps: PacketWriterDeps, client: DeliveringClient) {
    this.#deps = deps
    this.#client = client
  }

  /** Bytes that are written and not taken. */
  get unread(): number {
    return this.#client.conn.writableLength
  }

  /** Whether so much is unread that what can wait should. */
  get isPaused(): boolean {
    return this.#watch !== undefined && this.unread >= this.#deps.limits.pauseAtBytes
  }

  write(packet: SentPacket): void {
    this.#cork()
    this.#send(packet)
  }

  /** Writes what others may wait behind: with the packet that fills the stream a pause begins. */
  writeInTurn(packet: SentPacket): void {
    if (this.#watch || this.unread + roughBytes(packet) < this.#deps.limits.pauseAtBytes) return this.write(packet)
    this.#send(packet, () => this.#resume())
    this.#await()
  }

  /** The size of a packet, header included. */
  bytesOf(packet: SentPacket): number {
    return generate(packet, this.#protocol).length
  }

  close(): void {
    this.#watch?.()
  }

  /** All packets of one turn go out together. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#client.conn.cork()
    process.nextTick(() => {
      this.#isCorked = false
      this.#client.conn.uncork()
    })
  }

  /** In one piece: each piece of five bytes would cost the stream more than copying all of them. */
  #send(packet: SentPacket, taken?: () => void): void {
    const before = this.unread
    this.#client.conn.write(generate(packet, this.#protocol), taken)
    this.#written += this.unread - before
  }

  #await(): void {
    const { clock, limits, onStall } = this.#deps
    const taken = this.#written - this.unread
    this.#watch = clock.after(limits.stallMs, () => {
      if (this.#written - this.unread > taken) this.#await()
      else onStall()
    })
  }

  #resume(): void {
    this.#watch?.()
    this.#watch = undefined
    this.#deps.onResume()
  }

  get #protocol(): object {
    return protocols[this.#client.version] ?? protocols[4]!
  }
}

const protocols: Readonly<Record<number, object>> = {
  3: { protocolVersion: 3 },
  4: { protocolVersion: 4 },
  5: { protocolVersion: 5 },
}

/** The size of a packet without its properties, about. */
export function roughBytes(packet: SentPacket | OutgoingPacket): number {
  return 'topic' in packet ? packet.topic.length + packet.payload.length + 16 : 4
}
