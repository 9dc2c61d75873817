import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@apsaramq/model'

/** How long a close waits for calls under way; a client that is slow to send or to read is cut off then. */
export const closeWithinMs = 2_000

interface Connection {
  /** Below TLS, where there is TLS: it is there before the handshake is done. */
  readonly socket: Socket
  /** Calls that have no answer yet. */
  owed: number
}

/** What a connection is known by, the same above and below TLS. */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

/**
 * The connections of a server, so that a close ends those that Node would wait for: it knows a connection as idle only
 * when that has had an answer, so one that never finished a request or a handshake would keep it open for ever.
 */
export class Connections {
  readonly #clock: Clock
  readonly #connections = new Map<string, Connection>()
  #closing = false

  constructor(server: Server, clock: Clock) {
    this.#clock = clock
    server.on('connection', (socket: Socket) => this.#add(socket))
    server.on('request', ({ socket }, response) => {
      const connection = this.#connections.get(nameOf(socket))
      if (!connection) return
      connection.owed += 1
      response.once('close', () => this.#answered(connection))
    })
  }

  /** Ends what is idle or half open at once, the rest when it is answered or at the latest after the bound. */
  end(): void {
    this.#closing = true
    for (const connection of this.#connections.values()) if (connection.owed === 0) connection.socket.destroy()
    this.#clock.after(closeWithinMs, () => {
      for (const { socket } of this.#connections.values()) socket.destroy()
    })
  }

  #add(socket: Socket): void {
    if (this.#closing) {
      socket.destroy()
      return
    }
    const name = nameOf(socket)
    const connection = { socket, owed: 0 }
    this.#connections.set(name, connection)
    socket.once('close', () => {
      if (this.#connections.get(name) === connection) this.#connections.delete(name)
    })
  }

  #answered(connection: Connection): void {
    connection.owed -= 1
    if (this.#closing && connection.owed === 0) connection.socket.destroy()
  }
}
