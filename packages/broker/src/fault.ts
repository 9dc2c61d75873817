/** What is wrong with a packet, and the reason code with which MQTT 5 names it (5.0 §4.13). */
export interface Fault {
  message: string
  reasonCode: number
  /** What it rests on, where that is not the standard. */
  assumption?: 'A-60' | 'A-61'
}

/** Reason codes of MQTT 5 that faults in a packet have (5.0 §2.4). */
export const reasonCode = {
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  badAuthenticationMethod: 0x8c,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  retainNotSupported: 0x9a,
} as const

/** Bytes that cannot be parsed as the standard has it. */
export function malformed(message: string): Fault {
  return { message, reasonCode: reasonCode.malformedPacket }
}

/** A packet that can be parsed, and that the standard forbids. */
export function forbidden(message: string): Fault {
  return { message, reasonCode: reasonCode.protocolError }
}

/** {@link Fault} where it is thrown: by readers of fields, that stop in the middle of a packet. */
export class PacketFault extends Error {
  override readonly name = 'PacketFault'
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

/** What a reader returns, or the fault that it throws; what else it throws is a bug and goes on. */
export function orFault<T>(read: () => T): T | PacketFault {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof PacketFault) return thrown
    throw thrown
  }
}

/** The fault that a reader throws; undefined where it throws none. */
export function faultIn(read: () => void): Fault | undefined {
  const result = orFault(read)
  return result instanceof PacketFault ? result.fault : undefined
}
