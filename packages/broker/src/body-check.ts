import { isUtf8 } from 'node:buffer'
import { Fields, MalformedPacket } from './fields.ts'

const type = { publish: 3, puback: 4, pubcomp: 7, subscribe: 8, unsubscribe: 10 } as const

/** Finds identifiers, topics and filters that the standard forbids, in a body that may come in pieces. */
export class BodyCheck {
  #header = 0
  #length = 0
  #isDone = true
  /** Pieces of what is looked at, until it is complete: mostly none, as it lies in one chunk. */
  #pieces: Buffer[] = []
  #kept = 0
  /** Bytes at the beginning of the body that are looked at, as far as that is known. */
  #wanted = 0

  /** A body begins. @param header first byte of its packet @param length of the body */
  start(header: number, length: number): void {
    this.#header = header
    this.#length = length
    this.#isDone = !hasContent(header >> 4)
  }

  /** Takes the next bytes of the body; returns what is wrong with it. */
  take(chunk: Buffer, from: number, to: number): string | undefined {
    if (this.#isDone) return undefined
    if (this.#pieces.length === 0) return this.#look(chunk, from, to)
    this.#keep(chunk.subarray(from, to))
    if (this.#kept < this.#wanted) return undefined
    const bytes = Buffer.concat(this.#pieces, this.#kept)
    this.#pieces = []
    this.#kept = 0
    return this.#look(bytes, 0, bytes.length)
  }

  #look(bytes: Buffer, from: number, to: number): string | undefined {
    this.#wanted = Math.min(this.#length, wantedOf(this.#header, this.#length, bytes, from, to))
    if (to - from >= this.#wanted) {
      this.#isDone = true
      return contentFault(this.#header, bytes, from, from + this.#wanted)
    }
    this.#keep(bytes.subarray(from, to))
    return undefined
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#kept += piece.length
  }
}

function hasContent(packetType: number): boolean {
  return (packetType >= type.publish && packetType <= type.subscribe) || packetType === type.unsubscribe
}

/** Of a PUBLISH all but the payload, of the others everything. */
function wantedOf(header: number, length: number, bytes: Buffer, from: number, to: number): number {
  if (header >> 4 !== type.publish) return length
  return to - from < 2 ? 2 : publishHeadEnd(header, bytes, from) - from
}

/** Where topic and packet identifier of a PUBLISH end. */
function publishHeadEnd(header: number, bytes: Buffer, from: number): number {
  return topicEnd(bytes, from) + (header & 6 ? 2 : 0)
}

function topicEnd(bytes: Buffer, from: number): number {
  return from + 2 + bytes[from]! * 256 + bytes[from + 1]!
}

function contentFault(header: number, bytes: Buffer, from: number, to: number): string | undefined {
  const packetType = header >> 4
  if (packetType === type.publish) return publishFault(header, bytes, from, to)
  if (packetType <= type.pubcomp) return identifierFault(bytes, from)
  return filtersFault(packetType === type.subscribe, bytes.subarray(from, to))
}

// runs for every message: it makes no object while all is well
function publishFault(header: number, bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from < 2 || publishHeadEnd(header, bytes, from) > to) return 'PUBLISH is cut short'
  const end = topicEnd(bytes, from)
  return topicFault(bytes, from + 2, end) ?? (header & 6 ? identifierFault(bytes, end) : undefined)
}

function identifierFault(bytes: Buffer, at: number): string | undefined {
  return bytes[at] === 0 && bytes[at + 1] === 0 ? 'packet identifier 0' : undefined // [MQTT-2.3.1-1]
}

const plus = 0x2b
const hash = 0x23

function topicFault(bytes: Buffer, from: number, to: number): string | undefined {
  if (from === to) return 'PUBLISH to an empty topic' // [MQTT-4.7.3-1]
  let isAscii = true
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!
    if (byte === 0) return 'the topic is not text in UTF-8' // [MQTT-1.5.3-2]
    if (byte === plus || byte === hash) return 'PUBLISH to a topic with a wildcard' // [MQTT-3.3.2-2]
    if (byte >= 0x80) isAscii = false
  }
  return isAscii || isUtf8(bytes.subarray(from, to)) ? undefined : 'the topic is not text in UTF-8' // [MQTT-1.5.3-1]
}

function filtersFault(isSubscribe: boolean, body: Buffer): string | undefined {
  try {
    readFilters(isSubscribe, body)
    return undefined
  } catch (thrown) {
    if (thrown instanceof MalformedPacket) return thrown.message
    throw thrown
  }
}

function readFilters(isSubscribe: boolean, body: Buffer): void {
  const packet = isSubscribe ? 'SUBSCRIBE' : 'UNSUBSCRIBE'
  const fields = new Fields(packet, body, 0)
  if (fields.number() === 0) throw new MalformedPacket('packet identifier 0') // [MQTT-2.3.1-1]
  if (fields.isAtEnd) throw new MalformedPacket(`${packet} without a filter`) // [MQTT-3.8.3-3], [MQTT-3.10.3-2]
  while (!fields.isAtEnd) {
    if (fields.text('filter') === '') throw new MalformedPacket('an empty filter') // [MQTT-4.7.3-1]
    if (isSubscribe && fields.byte() > 2) throw new MalformedPacket('a filter with a QoS over 2') // [MQTT-3.8.3-4]
  }
}
