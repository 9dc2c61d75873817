import type { Cause } from '@apsaramq/model'
import { BodyCheck } from './body-check.ts'

/** What is wrong with the bytes, and where in the chunk the packet at fault begins (0 if in an earlier chunk). */
export interface Violation {
  cause: Extract<Cause, 'packet-too-large' | 'protocol-error'>
  message: string
  at: number
}

const connect = 1
const publish = 3

/** Flags of each packet type that a client may send (3.1.1 §2.2); PUBLISH has a rule of its own. */
const flagsByType: Readonly<Record<number, number>> = { 1: 0, 4: 0, 5: 0, 6: 2, 7: 0, 8: 2, 10: 2, 12: 0, 14: 0 }

/** Remaining lengths that are fixed (3.1.1 §3.4 to §3.7, §3.12, §3.14). */
const lengthByType: Readonly<Record<number, number>> = { 4: 2, 5: 2, 6: 2, 7: 2, 12: 0, 14: 0 }

/**
 * Follows the packets of one connection, chunk by chunk, and finds what the standard forbids before anything is
 * buffered or parsed; keeps no bytes but those of a topic or filter that comes in pieces.
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
  readonly #body = new BodyCheck()

  /** @param maxPacketBytes largest packet let through, header included */
  constructor(maxPacketBytes: number) {
    this.#maxPacketBytes = maxPacketBytes
  }

  /** Bytes of the first packet, header included; undefined until its header has come. */
  get firstPacketBytes(): number | undefined {
    return this.#firstPacketBytes
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
        if (fault) return { ...fault, at: begin }
      }
      if (this.#bodyLeft < 0) continue
      const end = Math.min(at + this.#bodyLeft, chunk.length)
      const message = this.#body.take(chunk, at, end)
      if (message !== undefined) return { cause: 'protocol-error', message, at: begin }
      this.#skip(end - at)
      at = end
    }
    return undefined
  }

  #takeHeader(byte: number): Omit<Violation, 'at'> | undefined {
    if (this.#header < 0) {
      this.#header = byte
      return malformed(headerFault(byte, this.#firstPacketBytes === undefined))
    }
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes
    this.#lengthBytes += 1
    if (byte < 0x80) return this.#startBody()
    return this.#lengthBytes === 4 ? malformed('a remaining length of more than four bytes') : undefined // §2.2.3
  }

  #startBody(): Omit<Violation, 'at'> | undefined {
    const bytes = 1 + this.#lengthBytes + this.#length
    this.#firstPacketBytes ??= bytes
    this.#bodyLeft = this.#length
    this.#body.start(this.#header, this.#length)
    if (bytes > this.#maxPacketBytes) {
      const message = `a packet of ${bytes} bytes where at most ${this.#maxPacketBytes} are read`
      return { cause: 'packet-too-large', message }
    }
    const expected = lengthByType[this.#header >> 4]
    if (expected === undefined || expected === this.#length) return undefined
    return malformed(`packet type ${this.#header >> 4} with a body of ${this.#length} bytes`)
  }

  #skip(bodyBytes: number): void {
    this.#bodyLeft -= bodyBytes
    if (this.#bodyLeft > 0) return
    this.#bodyLeft = this.#header = -1
    this.#length = this.#lengthBytes = 0
  }
}

function malformed(message: string | undefined): Omit<Violation, 'at'> | undefined {
  return message === undefined ? undefined : { cause: 'protocol-error', message }
}

function headerFault(byte: number, isFirst: boolean): string | undefined {
  const type = byte >> 4
  if (isFirst !== (type === connect)) return isFirst ? 'the first packet is not CONNECT' : 'a second CONNECT' // [MQTT-3.1.0-1], [MQTT-3.1.0-2]
  if (type === publish) return publishFault(byte)
  const flags = flagsByType[type]
  if (flags === undefined) return `packet type ${type} does not come from a client`
  return (byte & 0x0f) === flags ? undefined : `packet type ${type} with flags ${byte & 0x0f}` // [MQTT-2.2.2-2]
}

function publishFault(byte: number): string | undefined {
  const qos = (byte >> 1) & 3
  if (qos === 3) return 'PUBLISH with QoS 3' // [MQTT-3.3.1-4]
  return qos === 0 && byte & 8 ? 'PUBLISH of QoS 0 with DUP' : undefined // [MQTT-3.3.1-2]
}
