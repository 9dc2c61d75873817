import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Session } from '@apsaramq/model'

/** The network below a connection, whatever carries its bytes. */
export interface Link {
  readonly transport: Session['transport']
  /** Taken once: a socket that has closed knows it no more. */
  readonly remoteAddress: string
  /** The name the client asked for: when TLS began, else in its upgrade request; undefined where it sent none. */
  readonly serverName: string | undefined
  /** The name of the upgrade request, where it may contradict that of TLS. */
  readonly requestedHost?: string | undefined
  /** Null without TLS. */
  readonly tlsVersion: string | null
  /** Whether the TLS session was resumed. */
  readonly resumed: boolean
  /** Closes now: says goodbye where nothing is waiting to be written, and waits for nothing. */
  cut(): void
  /** Closes once what was written has gone out. Unread bytes would turn the close into a reset, which can overtake it. */
  finish(): void
}

/** What a socket is accepted with: of a client that went without a word TCP tells, whatever its keep alive. */
export const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 } as const

/** Bytes written ahead of a slow subscriber before others wait for it. */
export const socketBufferBytes = 1024 * 1024

/** A link that is a TCP or TLS socket itself. */
export class SocketLink implements Link {
  readonly transport: Session['transport']
  readonly remoteAddress: string
  readonly #socket: Socket

  /** @param socket with its handshake done, where there is one */
  constructor(transport: Session['transport'], socket: Socket) {
    this.transport = transport
    this.remoteAddress = socket.remoteAddress ?? 'unknown'
    this.#socket = socket
  }

  get serverName(): string | undefined {
    const { servername } = this.#socket as Partial<TLSSocket>
    return typeof servername === 'string' ? servername : undefined
  }

  get tlsVersion(): string | null {
    return this.#socket instanceof TLSSocket ? this.#socket.getProtocol() : null
  }

  get resumed(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.isSessionReused()
  }

  cut(): void {
    if (this.#socket.destroyed) return
    this.#socket.end()
    this.#socket.destroy()
  }

  finish(): void {
    this.#socket.resume()
    this.#socket.end()
  }
}
