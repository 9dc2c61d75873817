import type { Connection } from './connection.ts'
import type { Refusal } from './verdict.ts'

/** Sockets cut before others get a turn: each costs about 45 µs. */
export const sliceSize = 200

/** CONNACK codes of 3.1.1 where it is not 5, not authorized (§3.2.2.3). */
const connackCodes: Partial<Record<Refusal['cause'], number>> = { 'bad-client-id': 2, 'bad-credentials': 4 }

/** The CONNACK that refuses. */
export function connackOf({ cause }: Refusal): Uint8Array {
  return Uint8Array.of(0x20, 2, 0, connackCodes[cause] ?? 5)
}

/** Sends the CONNACK, then closes. */
export function answerAndClose({ stream, link }: Connection, connack: Uint8Array): void {
  stream.write(connack)
  link.finish()
}

/** Cuts the first {@link sliceSize} now, the others as the event loop comes round. */
export function cutInSlices(connections: readonly Connection[]): void {
  for (const connection of connections.slice(0, sliceSize)) connection.link.cut()
  if (connections.length > sliceSize) setImmediate(cutInSlices, connections.slice(sliceSize))
}
