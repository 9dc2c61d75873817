import type { Cause } from '@apsaramq/model'

type Codes = Partial<Record<Cause, number>>

/** Return codes of a refusing CONNACK of 3.1.1 where it is not 5, not authorized (§3.2.2.3). */
const returnCodes: Codes = { 'bad-client-id': 2, 'store-failed': 3, 'internal-error': 3, 'bad-credentials': 4 }

/** Reason codes of a refusing CONNACK of MQTT 5 where it is not 0x87, Not authorized (5.0 §3.2.2.2). */
const connackCodes: Codes = {
  'internal-error': 0x80,
  'bad-client-id': 0x85,
  'bad-credentials': 0x86,
  'store-failed': 0x88,
  'emulator-reset': 0x89,
  'emulator-stopping': 0x8b,
}

/** Reason codes of a DISCONNECT where it is not 0x98, Administrative action (5.0 §3.14.2.1). */
const disconnectCodes: Codes = {
  'store-failed': 0x80,
  'internal-error': 0x80,
  'protocol-error': 0x82,
  'topic-not-allowed': 0x87,
  'emulator-stopping': 0x8b,
  'keep-alive-expired': 0x8d,
  'session-taken-over': 0x8e,
  'packet-too-large': 0x95,
  'payload-too-large': 0x95,
  'slow-consumer': 0x97,
  'qos-not-supported': 0x9b,
}

/** Says in a CONNACK why a client is refused. @param level the protocol level of the client: 3, 4 or 5 */
export function connackCodeOf(cause: Cause, level: number): number {
  return level === 5 ? (connackCodes[cause] ?? 0x87) : (returnCodes[cause] ?? 5)
}

/** Says in a DISCONNECT of MQTT 5 why the server ends a connection. */
export function disconnectCodeOf(cause: Cause): number {
  return disconnectCodes[cause] ?? 0x98
}
