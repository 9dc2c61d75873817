import type { Clock } from '@apsaramq/model'
import { disconnectOf } from './answers/last-words.ts'
import type { Connection } from './connection.ts'

/** Sockets cut before others get a turn: each costs about 45 µs. */
export const sliceSize = 200

/** For how long a client that is told why may take to read what was written before. */
const graceMs = 1000

/** Bytes that may be waiting for a client that is told why: one that has stopped reading cannot be told. */
const maxWaitingBytes = 16 * 1024

/** Sends the CONNACK, then closes. */
export function answerAndClose({ stream, link }: Connection, connack: Uint8Array): void {
  stream.write(connack)
  link.finish()
}

/** Ends a live connection: says why where the client can be told, and closes. [MQTT-4.13.1-1] */
export function hangUp(connection: Connection, clock: Clock): void {
  const { stream, link, ending } = connection
  const disconnect = ending && canBeTold(connection) ? disconnectOf(ending, connection) : undefined
  if (!disconnect) return link.cut()
  stream.write(disconnect)
  if (stream.writableLength === 0) return link.cut()
  // a cut would take back what waits for the end of the write before it
  stream.once(
    'close',
    clock.after(graceMs, () => link.cut()),
  )
  link.finish()
}

function canBeTold({ stream, level }: Connection): boolean {
  return level === 5 && stream.writable && stream.writableLength < maxWaitingBytes
}

/** Cuts the first {@link sliceSize} now, the others as the event loop comes round. */
export function cutInSlices(connections: readonly Connection[], clock: Clock): void {
  for (const connection of connections.slice(0, sliceSize)) hangUp(connection, clock)
  if (connections.length > sliceSize) setImmediate(cutInSlices, connections.slice(sliceSize), clock)
}
