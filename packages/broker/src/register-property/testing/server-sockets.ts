import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** The broker's end of every connection in this process, by the port of the other end. */
export class ServerSockets {
  readonly #open = new Map<number, Socket>()
  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket } // node's channel net.server.socket
    const port = socket.remotePort
    if (port === undefined) return
    this.#open.set(port, socket)
    socket.once('close', () => {
      if (this.#open.get(port) === socket) this.#open.delete(port)
    })
  }

  constructor() {
    subscribe('net.server.socket', this.#onSocket)
  }

  isOpen(port: number): boolean {
    const socket = this.#open.get(port)
    return socket !== undefined && !socket.destroyed
  }

  stop(): void {
    unsubscribe('net.server.socket', this.#onSocket)
  }
}
