import type { Duplex } from 'node:stream'
import { generate, parser, type IConnackPacket } from 'mqtt-packet'

/** What is added to an accepting CONNACK of MQTT 5. */
export type Terms = NonNullable<IConnackPacket['properties']>

/**
 * Adds terms to the first packet that is written to a stream, which is the CONNACK, if it accepts: aedes
 * 2.0.0-beta.1 lets nobody say what it does not offer.
 */
export function announceTerms(stream: Duplex, terms: Terms): void {
  const pieces: Buffer[] = []
  awaiting.add(stream)
  const write = stream.write
  stream.write = (chunk: Uint8Array) => {
    pieces.push(Buffer.from(chunk))
    const whole = Buffer.concat(pieces)
    if (!isWhole(whole)) return true
    stream.write = write
    awaiting.delete(stream)
    return stream.write(withTerms(whole, terms))
  }
}

const awaiting = new WeakSet<Duplex>()

/** Whether a client of MQTT 5 has no CONNACK yet: before, it must not be sent anything else. [MQTT-3.14.0-1] */
export function awaitsConnack(stream: Duplex): boolean {
  return awaiting.has(stream)
}

/** A CONNACK is shorter than 16 KiB: its remaining length has one byte or two. */
function isWhole(bytes: Buffer): boolean {
  if (bytes.length < 2) return false
  const [, low = 0, high = 0] = bytes
  return low < 0x80 ? bytes.length >= 2 + low : bytes.length >= 3 + (low & 0x7f) + high * 128
}

function withTerms(bytes: Buffer, terms: Terms): Uint8Array {
  const connack = connackOf(bytes)
  if (connack?.reasonCode !== 0) return bytes
  return generate({ ...connack, properties: { ...connack.properties, ...terms } }, { protocolVersion: 5 })
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
