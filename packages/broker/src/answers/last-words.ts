import { generate, type IConnackPacket, type IDisconnectPacket } from 'mqtt-packet'
import type { Connection } from '../connection.ts'
import type { Refusal } from '../verdict.ts'
import { connackCodeOf, disconnectCodeOf } from './reason-codes.ts'

/** Whom an answer goes to, as far as the answer depends on it. */
export type Addressee = Pick<Connection, 'level' | 'maxAnswerBytes'>

/** The CONNACK that refuses; one of MQTT 5 says why. */
export function refusingConnack({ cause, message, reasonCode }: Refusal, to: Addressee): Uint8Array {
  if (to.level !== 5) return Uint8Array.of(0x20, 2, 0, connackCodeOf(cause, to.level ?? 4))
  const code = reasonCode ?? connackCodeOf(cause, 5)
  return withReason({ cmd: 'connack', sessionPresent: false, reasonCode: code }, message, to)
}

/** The DISCONNECT that says why the server ends a connection; undefined before MQTT 5, which has none. */
export function disconnectOf({ cause, message, reasonCode }: Refusal, to: Addressee): Uint8Array | undefined {
  if (to.level !== 5) return undefined
  return withReason({ cmd: 'disconnect', reasonCode: reasonCode ?? disconnectCodeOf(cause) }, message, to)
}

/** Characters of a reason string: it is for people, and the packet is small. */
const maxReasonLength = 500

/** Leaves the reason out where the client takes no packet that long. [MQTT-3.2.2-19], [MQTT-3.14.2-3] */
function withReason(packet: IConnackPacket | IDisconnectPacket, reason: string, to: Addressee): Uint8Array {
  const protocol = { protocolVersion: 5 }
  const reasonString = reason.slice(0, maxReasonLength).replaceAll('\0', '') // [MQTT-1.5.4-2]
  const full = generate({ ...packet, properties: { reasonString } }, protocol)
  return full.length <= to.maxAnswerBytes ? full : generate(packet, protocol)
}
