import type { Cause } from '@apsaramq/model'
import { BodyCheck } from './body-check.ts'
import { forbidden, malformed, reasonCode, type Fault } from './fault.ts'
import { headerFault, lengthFault, packetType } from './packet-head.ts'

/** What is wrong with the bytes, and where in the chunk the packet at fault begins (0 if in an earlier chunk). */
export interface Violation extends Fault {
  cause: Extract<Cause, 'packet-too-large' | 'protocol-error'>
  at: number
}

/**
 * Follows the packets of one connection, chunk by chunk, and finds what the standard forbids before anything is
 * buffered or parsed. The level is that of the CONNECT it sees; it keeps no bytes but those of topics, filters and
 * properties that come in pieces, and the numbers of topic aliases.
 */
export class Guard {
  readonly #maxPacketBytes: number
  /** First byte of the current packet; below 0 before it came. */
  #header = -1
  /** Remaining length of the current packet, as far as it is known. */
  #length = 0
  #lengthBytes = 0
  /** Bytes of the current packet's body still to come; below 0 while its header is being read. */
  #bodyLeft = -1
  #firstPacketBytes: number | undefined
  /** Whether DISCONNECT has come, which is the last packet. */
  #isOver = false
  #unfinishedAt = 0
  readonly #body: BodyCheck

  /**
   * @param maxPacketBytes largest packet let through, header included
   * @param topicAliasMaximum largest topic alias that an MQTT 5 client may use, as CONNACK announces it
   */
  constructor(maxPacketBytes: number, topicAliasMaximum = 0) {
    this.#maxPacketBytes = maxPacketBytes
    this.#body = new BodyCheck(topicAliasMaximum)
  }

  /** Bytes of the first packet, header included; undefined until its header has come. */
  get firstPacketBytes(): number | undefined {
    return this.#firstPacketBytes
  }

  /** Where in the last chunk the packet begins that it does not end; the chunk's length where there is none. */
  get unfinishedAt(): number {
    return this.#unfinishedAt
  }

  /** Looks at the next bytes. After a violation the connection must end. */
  inspect(chunk: Buffer): Violation | undefined {
    let begin = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#bodyLeft < 0) {
        if (this.#header < 0) begin = at
        const fault = this.#takeHeader(chunk[at]!)
        at += 1
        if (fault) return violation(fault, begin)
      }
      if (this.#bodyLeft < 0) continue
      const end = Math.min(at + this.#bodyLeft, chunk.length)
      const fault = this.#body.take(chunk, at, end)
      if (fault) return violation(fault, begin)
      this.#skip(end - at)
      at = end
    }
    this.#unfinishedAt = this.#header < 0 ? at : begin
    return undefined
  }

  #takeHeader(byte: number): Fault | undefined {
    if (this.#header < 0) {
      this.#header = byte
      if (this.#isOver) return forbidden('bytes follow DISCONNECT') // [MQTT-3.14.4-2]
      this.#isOver = byte >> 4 === packetType.disconnect
      return headerFault(byte, this.#firstPacketBytes === undefined, this.#body.level)
    }
    this.#length += (byte & 0x7f) << (7 * this.#lengthBytes)
    this.#lengthBytes += 1
    if (byte < 0x80) return this.#startBody()
    return this.#lengthBytes === 4 ? malformed('a remaining length of more than four bytes') : undefined // §2.2.3
  }

  #startBody(): Fault | undefined {
    const bytes = 1 + this.#lengthBytes + this.#length
    this.#firstPacketBytes ??= bytes
    this.#bodyLeft = this.#length
    this.#body.start(this.#header, this.#length)
    if (bytes > this.#maxPacketBytes) {
      const message = `a packet of ${bytes} bytes where at most ${this.#maxPacketBytes} are read`
      return { message, reasonCode: reasonCode.packetTooLarge }
    }
    return lengthFault(this.#header, this.#length, this.#lengthBytes, this.#body.level)
  }

  #skip(bodyBytes: number): void {
    this.#bodyLeft -= bodyBytes
    if (this.#bodyLeft > 0) return
    this.#bodyLeft = this.#header = -1
    this.#length = this.#lengthBytes = 0
  }
}

function violation(fault: Fault, at: number): Violation {
  const cause = fault.reasonCode === reasonCode.packetTooLarge ? 'packet-too-large' : 'protocol-error'
  return { cause, ...fault, at }
}
