import type { Duplex } from 'node:stream'
import type { Clock } from '@apsaramq/model'
import { deafen } from './aedes-inside.ts'
import { awaitsConnack } from './answers/connack-terms.ts'
import { disconnectOf } from './answers/last-words.ts'
import type { Connection } from './connection.ts'

/** Connections ended before others get a turn: with all that follows each costs up to 0.3 ms. */
export const sliceSize = 50

/** For how long a client that is told why may take to read it and to close. */
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
  const cancel = clock.after(graceMs, () => link.cut())
  stream.once('close', cancel)
  discardRest(stream)
  link.finish()
}

/** What the client is still sending goes nowhere: left unread it would turn the close into a reset, and nothing be read. */
function discardRest(stream: Duplex): void {
  deafen(stream)
  stream.removeAllListeners('readable')
  Reflect.deleteProperty(stream, 'read') // the door's
  stream.resume()
}

function canBeTold({ stream, level }: Connection): boolean {
  return level === 5 && !awaitsConnack(stream) && stream.writable && stream.writableLength < maxWaitingBytes
}

/** Does the work for the first {@link sliceSize} now, for the others as the event loop comes round. */
export function inSlices<T>(items: readonly T[], work: (item: T) => void, from = 0): void {
  const next = from + sliceSize
  for (const item of items.slice(from, next)) work(item)
  if (next < items.length) setImmediate(inSlices, items, work, next)
}
