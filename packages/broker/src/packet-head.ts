import { forbidden, malformed, reasonCode, type Fault } from './fault.ts'

/** Types of the packets that a client sends (3.1.1 §2.2.1). */
export const packetType = {
  connect: 1,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
  auth: 15,
} as const

/** Flags of each packet type that a client may send (3.1.1 §2.2.2); PUBLISH has a rule of its own. */
const flagsByType: Readonly<Record<number, number>> = { 1: 0, 4: 0, 5: 0, 6: 2, 7: 0, 8: 2, 10: 2, 12: 0, 14: 0 }

/** Remaining lengths that are fixed in 3.1.1 (§3.4 to §3.7, §3.12, §3.14). */
const lengthByType: Readonly<Record<number, number>> = { 4: 2, 5: 2, 6: 2, 7: 2, 12: 0, 14: 0 }

/** What is wrong with the first byte of a packet; `level` is 0 while no CONNECT has come. */
export function headerFault(byte: number, isFirst: boolean, level: number): Fault | undefined {
  const type = byte >> 4
  if (isFirst !== (type === packetType.connect)) {
    return forbidden(isFirst ? 'the first packet is not CONNECT' : 'a second CONNECT') // [MQTT-3.1.0-1], [MQTT-3.1.0-2]
  }
  if (type === packetType.publish) return publishFault(byte, level)
  // MQTT 5 §3.15: only where CONNECT named a method, and none is served
  if (type === packetType.auth && level === 5) return forbidden('AUTH without an authentication method')
  const flags = flagsByType[type]
  if (flags === undefined) return forbidden(`packet type ${type} does not come from a client`)
  return (byte & 0x0f) === flags ? undefined : malformed(`packet type ${type} with flags ${byte & 0x0f}`) // [MQTT-2.2.2-2]
}

function publishFault(byte: number, level: number): Fault | undefined {
  const qos = (byte >> 1) & 3
  if (qos === 3) return malformed('PUBLISH with QoS 3') // [MQTT-3.3.1-4]
  if (qos === 0 && byte & 8) return malformed('PUBLISH of QoS 0 with DUP') // [MQTT-3.3.1-2]
  return byte & 1 && level === 5 ? retained : undefined
}

/** CONNACK announces that there are no retained messages. [MQTT-3.2.2-14] vendor: in MQTT 5 there are none. LIMITS A-61 */
const retained: Fault = {
  message: 'PUBLISH with RETAIN, which the service does not have in MQTT 5',
  reasonCode: reasonCode.retainNotSupported,
  assumption: 'A-61',
}

/** What is wrong with the remaining length of a packet, which has come in `lengthBytes` bytes. */
export function lengthFault(byte: number, length: number, lengthBytes: number, level: number): Fault | undefined {
  const type = byte >> 4
  if (level === 5) {
    if (isPadded(length, lengthBytes)) return malformed('a remaining length in more bytes than it needs') // [MQTT-1.5.5-1]
    if (type !== packetType.pingreq) return undefined
  }
  const expected = lengthByType[type]
  if (expected === undefined || expected === length) return undefined
  return malformed(`packet type ${type} with a body of ${length} bytes`)
}

/** Whether fewer bytes would do; 3.1.1 has no word against it. */
export function isPadded(length: number, lengthBytes: number): boolean {
  return lengthBytes > 1 && length < 128 ** (lengthBytes - 1)
}
