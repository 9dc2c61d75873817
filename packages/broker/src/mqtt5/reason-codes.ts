const published = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const released = [0x00, 0x92]
/** Those of table 3-10 that a client may send. */
const disconnected = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]

/** Reason codes that a client may send, by the type of the packet (5.0 §3.4.2.1 to §3.7.2.1, §3.14.2.1). */
const codesByType: Readonly<Record<number, ReadonlySet<number>>> = {
  4: new Set(published),
  5: new Set(published),
  6: new Set(released),
  7: new Set(released),
  14: new Set(disconnected),
}

/** Whether a client may give this reason in an acknowledgement or a DISCONNECT. */
export function isReason(code: number, packetType: number): boolean {
  return codesByType[packetType]!.has(code)
}
