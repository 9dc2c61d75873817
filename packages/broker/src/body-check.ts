import { faultIn, type Fault } from './fault.ts'
import { Fields } from './fields.ts'
import { checkFilters } from './filters-fault.ts'
import { GatheredBytes } from './gathered-bytes.ts'
import { checkAcknowledgement, checkDisconnect } from './mqtt5/reasons-fault.ts'
import { TopicAliases } from './mqtt5/topic-aliases.ts'
import { packetType as type } from './packet-head.ts'
import { identifierEnd, propertiesEnd } from './publish-head.ts'
import { identifierFault, publishFault, publishFaultOf5 } from './publish-fault.ts'

/** Bytes of a CONNECT up to its level, which follows the longer of the two names that are served. */
const connectHead = 9

/** Finds what the standard forbids in the body of a packet, which may come in pieces; of a PUBLISH before its payload. */
export class BodyCheck {
  readonly #aliases: TopicAliases
  #level = 0
  #header = 0
  #length = 0
  #isDone = true
  /** What is looked at, until it is complete: mostly nothing, as it lies in one chunk. */
  readonly #kept = new GatheredBytes()
  /** Bytes at the beginning of the body that are looked at, as far as that is known. */
  #wanted = 0

  /** @param topicAliasMaximum largest topic alias that an MQTT 5 client may use */
  constructor(topicAliasMaximum: number) {
    this.#aliases = new TopicAliases(topicAliasMaximum)
  }

  /** Protocol level of the CONNECT that came; 0 before it came. */
  get level(): number {
    return this.#level
  }

  /** A body begins. @param header first byte of its packet @param length of the body */
  start(header: number, length: number): void {
    this.#header = header
    this.#length = length
    this.#isDone = header >> 4 === type.pingreq
  }

  /** Takes the next bytes of the body; returns what is wrong with it. */
  take(chunk: Buffer, from: number, to: number): Fault | undefined {
    if (this.#isDone) return undefined
    if (this.#kept.length === 0) {
      this.#want(chunk, from, to)
      if (to - from >= this.#wanted) return this.#judge(chunk, from)
    }
    return this.#gather(chunk, from, to)
  }

  /** Takes no more than is looked at: a payload is never kept. */
  #gather(chunk: Buffer, from: number, to: number): Fault | undefined {
    let at = from
    while (at < to) {
      const end = Math.min(to, at + this.#wanted - this.#kept.length)
      this.#kept.append(chunk, at, end)
      at = end
      if (this.#kept.length < this.#wanted) return undefined
      this.#want(this.#kept.bytes, 0, this.#kept.length)
      if (this.#kept.length === this.#wanted) return this.#judge(this.#kept.bytes, 0)
    }
    return undefined
  }

  #want(bytes: Buffer, from: number, to: number): void {
    this.#wanted = Math.min(this.#length, wantedOf(this.#header, this.#length, this.#level, bytes, from, to))
  }

  #judge(bytes: Buffer, from: number): Fault | undefined {
    this.#isDone = true
    if (this.#kept.length > 0) this.#kept.clear()
    const to = from + this.#wanted
    const packetType = this.#header >> 4
    if (packetType === type.publish) {
      return this.#level === 5
        ? publishFaultOf5(this.#header, bytes, from, to, this.#aliases)
        : publishFault(this.#header, bytes, from, to)
    }
    if (packetType !== type.connect) return contentFault(packetType, this.#level, bytes, from, to)
    this.#level = levelOf(bytes, from, to)
    return undefined
  }
}

/** Of a PUBLISH all but the payload, of a CONNECT name and level, of the others everything. */
function wantedOf(header: number, length: number, level: number, bytes: Buffer, from: number, to: number): number {
  const packetType = header >> 4
  if (packetType !== type.publish) return packetType === type.connect ? connectHead : length
  if (to - from < 2) return 2
  return (level === 5 ? propertiesEnd(header, bytes, from, to) : identifierEnd(header, bytes, from)) - from
}

/** What is not served in the end is refused where the whole packet is read. */
function levelOf(bytes: Buffer, from: number, to: number): number {
  const levelAt = from + 2 + (bytes[from + 1] ?? 0)
  return levelAt < to ? bytes[levelAt]! : 0
}

function contentFault(packetType: number, level: number, bytes: Buffer, from: number, to: number): Fault | undefined {
  if (packetType === type.subscribe || packetType === type.unsubscribe) {
    const packet = packetType === type.subscribe ? 'SUBSCRIBE' : 'UNSUBSCRIBE'
    return faultIn(() => checkFilters(packet, new Fields(packet, bytes, from, to), level))
  }
  if (packetType === type.disconnect) return faultIn(() => checkDisconnect(new Fields('DISCONNECT', bytes, from, to)))
  if (to - from === 2) return identifierFault(bytes, from)
  return faultIn(() => checkAcknowledgement(packetType, new Fields(`packet type ${packetType}`, bytes, from, to)))
}
