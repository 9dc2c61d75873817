import type { Socket } from 'node:net'
import { SocketLink } from './link.ts'
import type { WebSocketStream } from './websocket-stream.ts'

/** A link by a WebSocket: everything is said and asked of the socket below it, but for its end. */
export class WebSocketLink extends SocketLink {
  readonly requestedHost: string | undefined
  readonly #stream: WebSocketStream

  /**
   * @param socket with its handshakes done
   * @param requestedHost the vendor's name of an instance in the Host header
   */
  constructor(transport: 'wss' | 'ws', socket: Socket, stream: WebSocketStream, requestedHost: string | undefined) {
    super(transport, socket)
    this.requestedHost = requestedHost
    this.#stream = stream
  }

  override get serverName(): string | undefined {
    return super.serverName ?? this.requestedHost
  }

  override cut(): void {
    this.#stream.destroy()
  }

  override finish(): void {
    this.#stream.resume()
    this.#stream.end()
  }
}
