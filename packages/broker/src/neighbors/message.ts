import { ownBytes } from '../own-bytes.ts'
import type { MessageProperties, OutgoingPacket } from './aedes-client.ts'

/** A message that waits, shared by all who wait for it. */
export interface Message {
  readonly packet: OutgoingPacket
  /** What it takes in memory, counted once for all who wait for it. */
  readonly bytes: number
  /** Wall-clock milliseconds. */
  readonly storedAt: number
  /** How many queues it is in. */
  copies: number
}

/** What a message takes beside topic, payload and properties, and each copy of it in a queue: measured, rounded up. */
export const messageOverheadBytes = 320
export const copyOverheadBytes = 224

/** A message to be kept, with bytes of its own. */
export function messageOf(packet: OutgoingPacket, now: number): Message {
  const { cmd, brokerId, brokerCounter, topic, qos, retain } = packet
  const payload = typeof packet.payload === 'string' ? packet.payload : ownBytes(packet.payload)
  const properties = packet.properties && ownProperties(packet.properties)
  return {
    packet: { cmd, brokerId, brokerCounter, topic, payload, qos, retain, dup: false, properties }, // [MQTT-3.3.1-3]
    bytes: messageOverheadBytes + payload.length + 2 * topic.length + (properties ? sizeOf(properties) : 0),
    storedAt: now,
    copies: 0,
  }
}

/** Whether the Message Expiry Interval has passed; zero lets it be delivered at once or never. [MQTT-3.3.2-5] */
export function isExpired({ packet, storedAt }: Message, now: number): boolean {
  const seconds = packet.properties?.messageExpiryInterval
  return seconds !== undefined && now > storedAt && now - storedAt >= seconds * 1000
}

/** The properties with what is left of the Message Expiry Interval, in seconds. [MQTT-3.3.2-6] */
export function agedProperties({ packet, storedAt }: Message, now: number): MessageProperties | undefined {
  const seconds = packet.properties?.messageExpiryInterval
  if (seconds === undefined) return packet.properties
  return { ...packet.properties, messageExpiryInterval: Math.max(0, Math.ceil(seconds - (now - storedAt) / 1000)) }
}

function ownProperties(properties: MessageProperties): MessageProperties {
  const { correlationData } = properties
  return correlationData ? { ...properties, correlationData: ownBytes(correlationData) } : properties
}

/** Bytes of a value of a property, about. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (Buffer.isBuffer(value)) return value.length
  if (typeof value !== 'object' || value === null) return 8
  return Object.entries(value).reduce((bytes, [name, one]) => bytes + 64 + 2 * name.length + sizeOf(one), 64)
}
