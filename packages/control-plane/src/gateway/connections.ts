import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, EventLog } from '@apsaramq/model'

/** How long a close waits for calls under way; a client that is slow to send or to read is cut off then. */
export const closeWithinMs = 2_000

/** How many connections a listener of the API holds; one more is closed at once. LIMITS A-69 */
export const maxConnections = 16_384

interface Connection {
  /** Below TLS, where there is TLS: it is there before the handshake is done. */
  readonly socket: Socket
  /** Calls that have no answer yet. */
  owed: number
  /** Whether a call has come. */
  called: boolean
  /** What waits for the answers owed. */
  afterAnswers: (() => void) | undefined
}

/**
 * What a connection is known by, the same above and below TLS, while both its ends are there. Not for longer: a client
 * that is gone has no address any more, and its port may be the next one's.
 */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

/**
 * The connections of a server, so that a close ends those that Node would wait for: it knows a connection as idle only
 * when that has had an answer, so one that never finished a request or a handshake would keep it open for ever.
 */
export class Connections {
  readonly #clock: Clock
  readonly #log: EventLog
  readonly #all = new Set<Connection>()
  /** By the socket below TLS and, when the handshake is done, the one above it. */
  readonly #bySocket = new WeakMap<Socket, Connection>()
  readonly #inHandshake = new Map<string, Connection>()
  #closing = false

  constructor({ clock, log }: { clock: Clock; log: EventLog }) {
    this.#clock = clock
    this.#log = log
  }

  /** Follows the connections of a server, and bounds their number. */
  watch(server: Server): void {
    server.maxConnections = maxConnections
    server.on('connection', (socket: Socket) => this.#add(socket))
    server.on('secureConnection', (socket: Socket) => this.#secured(socket))
    server.on('drop', (socket?: { remoteAddress?: string }) => this.#dropped(socket?.remoteAddress))
    server.on('timeout', (socket: Socket) => this.#silent(socket))
    server.on('request', ({ socket }, response) => {
      const connection = this.#bySocket.get(socket)
      if (!connection) return
      connection.owed += 1
      connection.called = true
      response.once('close', () => this.#answered(connection))
    })
  }

  /** Ends what is idle or half open at once, the rest when it is answered or at the latest after the bound. */
  end(): void {
    this.#closing = true
    for (const { owed, socket } of this.#all) if (owed === 0) socket.destroy()
    this.#clock.after(closeWithinMs, () => {
      for (const { socket } of this.#all) socket.destroy()
    })
  }

  /** Runs `work` when every call of the connection is answered: now, where none is open. */
  whenAnswered(socket: Socket, work: () => void): void {
    const connection = this.#bySocket.get(socket)
    if (connection && connection.owed > 0) connection.afterAnswers = work
    else work()
  }

  /** Whether a call has come on this connection. */
  hasCalled(socket: Socket): boolean {
    return this.#bySocket.get(socket)?.called ?? false
  }

  #add(socket: Socket): void {
    if (this.#closing || socket.remoteAddress === undefined) {
      socket.destroy() // or the client has gone before it was let in
      return
    }
    const name = nameOf(socket)
    const connection: Connection = { socket, owed: 0, called: false, afterAnswers: undefined }
    this.#all.add(connection)
    this.#bySocket.set(socket, connection)
    this.#inHandshake.set(name, connection)
    socket.once('close', () => {
      this.#all.delete(connection)
      if (this.#inHandshake.get(name) === connection) this.#inHandshake.delete(name)
    })
  }

  #secured(socket: Socket): void {
    const name = nameOf(socket)
    const connection = this.#inHandshake.get(name)
    this.#inHandshake.delete(name)
    if (connection) this.#bySocket.set(socket, connection)
    else socket.destroy() // its client has gone meanwhile
  }

  #answered(connection: Connection): void {
    connection.owed -= 1
    if (connection.owed > 0) return
    connection.afterAnswers?.()
    connection.afterAnswers = undefined
    if (this.#closing) connection.socket.destroy()
  }

  /** Ends a connection on which nothing has moved for too long; where an answer is owed, that is worth a line. */
  #silent(socket: Socket): void {
    const { remoteAddress = '' } = socket
    if ((this.#bySocket.get(socket)?.owed ?? 0) > 0) {
      const message = 'a connection to the API was closed: its client has not read its answers in time'
      this.#log.write({ plane: 'api', kind: 'refuse', cause: 'request-timeout', message, remoteAddress })
    }
    socket.destroy()
  }

  #dropped(remoteAddress = ''): void {
    const message = `a connection to the API was closed at once: there are ${maxConnections} already`
    this.#log.write({ plane: 'api', kind: 'refuse', cause: 'too-many-connections', message, remoteAddress })
  }
}
