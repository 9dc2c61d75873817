import type { Duplex } from 'node:stream'
import type { AedesClient } from './aedes-inside.ts'
import { topicAliasMaximum } from './answers/terms.ts'
import type { ArrivedConnect } from './connect-reader.ts'
import type { Connection } from './connection.ts'
import { Guard, type Violation } from './guard.ts'
import { LargerPieces } from './larger-pieces.ts'

/** What every door needs. */
export interface DoorDeps {
  maxPacketBytes: number
  onViolation(connection: Connection, violation: Violation): void
}

/**
 * Stands between a stream and aedes, which takes its bytes with `stream.read()`: first the CONNECT and nothing
 * behind it until it is answered (aedes 1.2.0 would handle packets it reads before it has authenticated the client),
 * then, chunk by chunk, what the guard has seen.
 */
export function openDoor(deps: DoorDeps, connection: Connection, client: AedesClient, connect: ArrivedConnect): void {
  const { stream } = connection
  const door = new Door(deps, connection, client, connect)
  stream.read = (size?: number) => door.read(size)
  stream.emit('readable') // the CONNECT is at the door, not in the stream
}

class Door {
  readonly #deps: DoorDeps
  readonly #connection: Connection
  readonly #client: AedesClient
  readonly #guard: Guard
  readonly #pieces = new LargerPieces()
  readonly #readStream: Duplex['read']
  #connect: Buffer | undefined
  #rest: Buffer | undefined
  #isViolated = false

  constructor(deps: DoorDeps, connection: Connection, client: AedesClient, { bytes, rest }: ArrivedConnect) {
    this.#deps = deps
    this.#connection = connection
    this.#client = client
    this.#guard = new Guard(deps.maxPacketBytes, topicAliasMaximum)
    this.#readStream = connection.stream.read
    this.#connect = bytes
    this.#rest = rest
  }

  read(size: number | undefined): Buffer | null {
    if (size === 0) return this.#readStream.call(this.#connection.stream, 0) // node's own, to start reading
    if (this.#isViolated || this.#connection.ending) return null
    if (this.#connect) return this.#passed(this.#takeConnect())
    if (!this.#client.connackSent) return null
    return this.#passed(this.#takeRest() ?? this.#readStream.call(this.#connection.stream, size))
  }

  #takeConnect(): Buffer | null {
    const connect = this.#connect ?? null
    this.#connect = undefined
    return connect
  }

  #takeRest(): Buffer | undefined {
    const rest = this.#rest
    this.#rest = undefined
    return rest
  }

  #passed(chunk: Buffer | null): Buffer | null {
    if (chunk === null) return null
    const violation = this.#guard.inspect(chunk)
    if (!violation) return this.#pieces.join(chunk, this.#guard.unfinishedAt)
    this.#isViolated = true
    process.nextTick(this.#deps.onViolation, this.#connection, violation)
    return violation.at > 0 ? this.#pieces.join(chunk.subarray(0, violation.at), violation.at) : null
  }
}
