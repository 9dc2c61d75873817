import type { TLSSocket } from 'node:tls'
import { Guard, type Violation } from './guard.ts'

/** What the door must know of its connection. */
export interface DoorOptions {
  maxPacketBytes: number
  /** Whether the CONNACK has been sent. */
  isAnswered(): boolean
  /** Whether nothing of the client is accepted any more. */
  isShut(): boolean
  onViolation(violation: Violation): void
}

/**
 * Stands between a socket and aedes, which takes its bytes with `socket.read()`: first the CONNECT and nothing
 * behind it until it is answered (aedes 1.2.0 would handle packets it reads before it has authenticated the client),
 * then chunk by chunk what the guard has seen.
 */
export function openDoor(socket: TLSSocket, connect: Buffer, rest: Buffer | undefined, options: DoorOptions): void {
  const guard = new Guard(options.maxPacketBytes)
  const readSocket = socket.read
  const held = rest ? [connect, rest] : [connect]
  let violated = false

  function passed(chunk: Buffer | null): Buffer | null {
    if (!chunk) return null
    const violation = guard.inspect(chunk)
    if (!violation) return chunk
    violated = true
    process.nextTick(options.onViolation, violation)
    return violation.at > 0 ? chunk.subarray(0, violation.at) : null
  }
  socket.read = (size?: number): Buffer | null => {
    if (size === 0) return readSocket.call(socket, 0) // node's own, to start reading
    if (violated || options.isShut()) return null
    if (held[0] === connect) return passed(held.shift()!)
    if (!options.isAnswered()) return null
    return passed(held.shift() ?? readSocket.call(socket, size))
  }
}
