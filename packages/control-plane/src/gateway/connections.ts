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
  readonly #log: EventLog
  readonly #connections = new Map<string, Connection>()
  #closing = false

  constructor({ clock, log }: { clock: Clock; log: EventLog }) {
    this.#clock = clock
    this.#log = log
  }

  /** Follows the connections of a server, and bounds their number. */
  watch(server: Server): void {
    server.maxConnections = maxConnections
    server.on('connection', (socket: Socket) => this.#add(socket))
    server.on('drop', (socket?: { remoteAddress?: string }) => this.#dropped(socket?.remoteAddress))
    server.on('timeout', (socket: Socket) => this.#silent(socket))
    server.on('request', ({ socket }, response) => {
      const connection = this.#connections.get(nameOf(socket))
      if (!connection) return
      connection.owed += 1
      connection.called = true
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

  /** Runs `work` when every call of the connection is answered: now, where none is open. */
  whenAnswered(socket: Socket, work: () => void): void {
    const connection = this.#connections.get(nameOf(socket))
    if (connection && connection.owed > 0) connection.afterAnswers = work
    else work()
  }

  /** Whether a call has come on this connection. */
  hasCalled(socket: Socket): boolean {
    return this.#connections.get(nameOf(socket))?.called ?? false
  }

  #add(socket: Socket): void {
    if (this.#closing) {
      socket.destroy()
      return
    }
    const name = nameOf(socket)
    const connection: Connection = { socket, owed: 0, called: false, afterAnswers: undefined }
    this.#connections.set(name, connection)
    socket.once('close', () => {
      if (this.#connections.get(name) === connection) this.#connections.delete(name)
    })
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
    if ((this.#connections.get(nameOf(socket))?.owed ?? 0) > 0) {
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
