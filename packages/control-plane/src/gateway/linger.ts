import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { Clock } from '@apsaramq/model'

/**
 * How long a refused client may go on sending. What it sends is read and dropped meanwhile: a socket that is closed
 * with bytes unread is reset, and the answer may be lost with it.
 */
export const lingerMs = 1_000

/** How much of a body is dropped before the connection ends, so that no client can keep it busy. */
const maxDroppedBytes = 256 * 1024 * 1024

/** Whether a request brings a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0' // the Java SDK sends POST with neither, and a content type
}

/** Whether a body is still to come, or was not read. */
export function hasUnreadBody(raw: IncomingMessage): boolean {
  return hasBody(raw) && !raw.readableEnded
}

const lingeringSockets = new WeakSet<Socket>()

/** Whether a connection has had its last answer, so that what still comes on it is nothing but dropped. */
export function isLingering(socket: Socket): boolean {
  return lingeringSockets.has(socket)
}

/**
 * An answer that is there at once and ends only when the body of its request has, or after {@link lingerMs}: the
 * connection is closed behind the end of the answer.
 */
export function lingering(raw: IncomingMessage, text: string, clock: Clock): Readable {
  const payload = new Readable({ read() {} })
  payload.push(text)
  const { socket } = raw
  lingeringSockets.add(socket)
  if (socket.readableEnded || socket.destroyed) {
    payload.push(null) // nothing more can come
    return payload
  }
  let dropped = 0
  const end = (): void => {
    cancel()
    raw.off('data', drop).off('end', end).off('close', end)
    socket.off('end', end)
    payload.push(null)
  }
  const drop = (chunk: Buffer): void => {
    dropped += chunk.length
    if (dropped > maxDroppedBytes) end()
  }
  const cancel = clock.after(lingerMs, end)
  raw.on('data', drop).once('end', end).once('close', end)
  socket.once('end', end)
  return payload
}
