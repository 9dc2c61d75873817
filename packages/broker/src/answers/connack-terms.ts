import type { Duplex } from 'node:stream'
import { generate, parser, type IConnackPacket } from 'mqtt-packet'

/** What is added to an accepting CONNACK of MQTT 5. */
export type Terms = NonNullable<IConnackPacket['properties']>

/** What aedes 2.0.0-beta.1 leaves unsaid in an accepting CONNACK. */
export interface Unsaid {
  /** For MQTT 5: nobody can tell aedes what is not offered. */
  terms: Terms
  /** aedes takes a session without subscriptions for none. [MQTT-3.2.2-2] */
  isSessionPresent: boolean
}

/** Completes the first packet that is written to a stream, which is the CONNACK. @param level of the client */
export function completeConnack(stream: Duplex, level: number, unsaid: Unsaid): void {
  if (level < 5 && !(level === 4 && unsaid.isSessionPresent)) return // 3.1 has no word for it
  const pieces: Buffer[] = []
  awaiting.add(stream)
  const write = stream.write
  stream.write = (chunk: Uint8Array) => {
    pieces.push(Buffer.from(chunk))
    const whole = Buffer.concat(pieces)
    if (!isWhole(whole)) return true
    stream.write = write
    awaiting.delete(stream)
    return stream.write(level === 5 ? completed(whole, unsaid) : withSession(whole))
  }
}

const awaiting = new WeakSet<Duplex>()

/** Whether the CONNACK of a client is still to be completed: before, it must not be sent anything else. [MQTT-3.14.0-1] */
export function awaitsConnack(stream: Duplex): boolean {
  return awaiting.has(stream)
}

/** A CONNACK is shorter than 16 KiB: its remaining length has one byte or two. */
function isWhole(bytes: Buffer): boolean {
  if (bytes.length < 2) return false
  const [, low = 0, high = 0] = bytes
  return low < 0x80 ? bytes.length >= 2 + low : bytes.length >= 3 + (low & 0x7f) + high * 128
}

/** Flags and return code are the last two bytes of 3.1.1. */
function withSession(bytes: Buffer): Uint8Array {
  return bytes[3] === 0 ? Uint8Array.of(0x20, 2, 1, 0) : bytes
}

function completed(bytes: Buffer, { terms, isSessionPresent }: Unsaid): Uint8Array {
  const connack = connackOf(bytes)
  if (connack?.reasonCode !== 0) return bytes
  const sessionPresent = connack.sessionPresent || isSessionPresent
  return generate(
    { ...connack, sessionPresent, properties: { ...connack.properties, ...terms } },
    { protocolVersion: 5 },
  )
}

function connackOf(bytes: Buffer): IConnackPacket | undefined {
  let connack: IConnackPacket | undefined
  const reading = parser({ protocolVersion: 5 })
  reading.on('packet', (packet) => {
    if (packet.cmd === 'connack') connack = packet
  })
  reading.parse(bytes)
  return connack
}
