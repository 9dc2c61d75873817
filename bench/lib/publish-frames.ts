import mqttPacket from 'mqtt-packet'

/** What a message on the wire is like; all messages of one shape are equally long, so that counting is dividing. */
export interface MessageShape {
  topic: string
  qos: 0 | 1
  payloadBytes: number
}

/** A PUBLISH to copy, and where in it things stand. */
export interface PublishFrame {
  template: Buffer
  /** Where the packet identifier stands; undefined with QoS 0. */
  idAt: number | undefined
  payloadAt: number
}

/** The PUBLISH of a shape; a broker hands it on byte for byte but for its identifier. */
export function publishFrame({ topic, qos, payloadBytes }: MessageShape): PublishFrame {
  const payload = Buffer.alloc(payloadBytes, 0x78)
  const packet = { cmd: 'publish', topic, qos, payload, dup: false, retain: false, messageId: 1 } as const
  const template = mqttPacket.generate(packet)
  const payloadAt = template.length - payloadBytes
  return { template, payloadAt, idAt: qos === 0 ? undefined : payloadAt - 2 }
}

const maxId = 65_535

/** Writes many messages into one buffer, each with its number: modulo 65535 as identifier, and in its payload. */
export function messageBatch({ template, idAt, payloadAt }: PublishFrame, from: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(template.length * count)
  for (let at = 0; at < count; at += 1) {
    const begin = at * template.length
    template.copy(bytes, begin)
    if (idAt !== undefined) bytes.writeUInt16BE(((from + at) % maxId) + 1, begin + idAt)
    bytes.writeUInt32BE(from + at, begin + payloadAt)
  }
  return bytes
}

/** The number of a message that has arrived. */
export function numberOf(frame: PublishFrame, bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + frame.payloadAt)
}

/** Where a packet on the wire is not the expected one. */
function wrongPacket(bytes: Buffer, at: number): Error {
  return new Error(
    `a packet of type ${bytes[at]! >> 4} came where another was due: ${bytes.toString('hex', at, at + 8)}`,
  )
}

/**
 * Cuts what arrives into packets of one kind and one length.
 *
 * @param header first byte of each
 * @param onFrames gets the bytes and how many packets they begin with
 * @returns takes the next chunk; throws where something else arrives
 */
export function frameCutter(header: number, length: number, onFrames: (bytes: Buffer, count: number) => void) {
  let rest: Buffer | undefined
  return (chunk: Buffer): void => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    const count = Math.floor(bytes.length / length)
    if (bytes[0] !== header) throw wrongPacket(bytes, 0)
    rest = count * length < bytes.length ? bytes.subarray(count * length) : undefined
    if (count > 0) onFrames(bytes, count)
  }
}

/** The PUBACKs of received messages in one buffer. */
export function acknowledgements({ template, idAt }: PublishFrame, bytes: Buffer, count: number): Buffer {
  const acks = Buffer.allocUnsafe(pubackLength * count)
  for (let at = 0; at < count; at += 1) {
    acks.writeUInt16BE(0x4002, at * pubackLength)
    acks.writeUInt16BE(bytes.readUInt16BE(at * template.length + idAt!), at * pubackLength + 2) // of QoS 1 by contract
  }
  return acks
}

/** First byte and length of a PUBACK. */
export const pubackHeader = 0x40
export const pubackLength = 4
