import type { Socket } from 'node:net'
import type { TouchAssumption } from '@apsaramq/model'
import { SocketLink } from './link.ts'
import type { WebSocketStream } from './websocket-stream.ts'

/** What is known of a WebSocket beside its socket. */
export interface WebSocketOrigin {
  requestedHost: string | undefined
  assume: TouchAssumption
}

/** A link by a WebSocket: everything is said and asked of the socket below it, but for its end. */
export class WebSocketLink extends SocketLink {
  readonly requestedHost: string | undefined
  readonly #stream: WebSocketStream
  readonly #assume: TouchAssumption

  /**
   * @param socket with its handshakes done
   * @param from the vendor's name of an instance in the Host header, and whom to tell what an end rests on
   */
  constructor(transport: 'wss' | 'ws', socket: Socket, stream: WebSocketStream, from: WebSocketOrigin) {
    super(transport, socket)
    this.requestedHost = from.requestedHost
    this.#stream = stream
    this.#assume = from.assume
  }

  override get serverName(): string | undefined {
    return super.serverName ?? this.requestedHost
  }

  override cut(): void {
    if (!this.#stream.destroyed) this.#assume('A-65', this.remoteAddress)
    this.#stream.destroy()
  }

  override finish(): void {
    this.#stream.resume()
    this.#stream.end()
  }
}
