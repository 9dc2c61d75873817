import { forbidden, malformed, PacketFault } from '../fault.ts'
import type { Fields } from '../fields.ts'
import { packetType } from '../packet-head.ts'
import { readProperties } from './properties.ts'
import { isReason } from './reason-codes.ts'

/** Reads PUBACK, PUBREC, PUBREL or PUBCOMP: reason code and properties may be left out (5.0 §3.4.2). */
export function checkAcknowledgement(type: number, fields: Fields): void {
  if (fields.number() === 0) throw new PacketFault(forbidden('packet identifier 0')) // 5.0 [MQTT-2.2.1-3]
  checkReason(type, fields)
}

/** Reads DISCONNECT: it may be empty (5.0 §3.14.2). */
export function checkDisconnect(fields: Fields): void {
  checkReason(packetType.disconnect, fields)
}

function checkReason(type: number, fields: Fields): void {
  if (fields.isAtEnd) return
  const code = fields.byte()
  if (!isReason(code, type)) throw new PacketFault(forbidden(`packet type ${type} with reason code ${code}`))
  if (fields.isAtEnd) return
  readProperties(fields, type === packetType.disconnect ? 'DISCONNECT' : 'acknowledgement')
  if (!fields.isAtEnd) throw new PacketFault(malformed(`bytes follow the properties of packet type ${type}`))
}
