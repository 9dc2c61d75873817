import { STATUS_CODES, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Cancel } from '@apsaramq/model'
import { socketBufferBytes } from './link.ts'
import type { ListenerDeps } from './listener.ts'
import { socketBelow } from './tls-server.ts'
import {
  chosenSubprotocol,
  requestedHostOf,
  unreadable,
  upgradeRefusal,
  upgradeRequired,
  type UpgradeRefusal,
} from './upgrade-request.ts'
import { WebSocketLink } from './websocket-link.ts'
import { WebSocketStream } from './websocket-stream.ts'

/** Takes MQTT over WebSocket from an HTTP server, and answers everything else. */
export function takeUpgrades(deps: ListenerDeps, transport: 'wss' | 'ws', server: HttpServer): HttpServer {
  const desk = new UpgradeDesk(deps, transport)
  server.on('connection', (socket: Socket) => desk.open(socket))
  server.on('secureConnection', (socket: Socket) => desk.secured(socket))
  server.on('upgrade', (request, socket, head) => desk.upgrade(request, socket as Socket, head))
  server.on('request', (request, response) => desk.answer(request, response))
  server.on('clientError', (error, socket) => desk.failed(error, socket as Socket))
  return server
}

/** A connection that is not yet a WebSocket. */
interface Guest {
  stage: 'tls' | 'request' | 'refused'
  remoteAddress: string
  /** Ends its time limit. */
  cancel: Cancel
}

/** Two packets of the largest size may come in one message: a client may put together what it sends. LIMITS A-62 */
const packetsPerMessage = 2
/** Pieces of one message, of frames and of the network. */
const maxPieces = 4096
/** How long a client that has said goodbye may take to close; real time: it is ws's. */
const closeTimeoutMs = 1000

class UpgradeDesk {
  readonly #deps: ListenerDeps
  readonly #transport: 'wss' | 'ws'
  readonly #webSockets: WebSocketServer
  readonly #guests = new WeakMap<Socket, Guest>()

  constructor(deps: ListenerDeps, transport: 'wss' | 'ws') {
    this.#deps = deps
    this.#transport = transport
    this.#webSockets = new WebSocketServer(optionsOf(deps))
    this.#webSockets.on('wsClientError', ({ message }, socket, request) => {
      const headers = { 'Sec-WebSocket-Version': '13' }
      this.#refuse(socket as Socket, { status: 400, message, headers }, lineOf(request))
    })
  }

  open(socket: Socket): void {
    const guest: Guest = {
      stage: this.#transport === 'wss' ? 'tls' : 'request',
      remoteAddress: socket.remoteAddress ?? 'unknown',
      cancel: this.#deps.clock.after(this.#deps.settings.connectTimeoutMs, () => this.#late(socket, guest)),
    }
    this.#guests.set(socket, guest)
    socket.once('close', guest.cancel)
  }

  secured(socket: Socket): void {
    const guest = this.#guestOf(socket)
    if (guest) guest.stage = 'request'
  }

  /** A certificate is taken where the TLS socket is at hand: the stream above it knows none. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', destroyThis) // node has let go of it
    const refusal = upgradeRefusal(request)
    if (refusal) return this.#refuse(socket, refusal, lineOf(request))
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', destroyThis)
      this.#letGo(socket)
      this.#arrive(webSocket, socket, requestedHostOf(request))
    })
  }

  /** A request that asks for nothing that is here. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#note(request.socket, upgradeRequired, lineOf(request))) return
    const { status, message, headers } = upgradeRequired
    response.writeHead(status, { ...headers, Connection: 'close', 'Content-Type': 'text/plain' })
    response.end(`${message}\n`)
  }

  /** What came is no HTTP, or its TLS failed, which is told elsewhere. */
  failed(error: Error, socket: Socket): void {
    if (this.#guestOf(socket)?.stage !== 'request' || !socket.writable) return void socket.destroy()
    this.#refuse(socket, unreadable(error), 'a request')
  }

  /** Nothing that lives as long as the connection holds on to what its upgrade needed. */
  #letGo(socket: Socket): void {
    const below = belowTls(socket)
    const guest = this.#guests.get(below)
    if (!guest) return
    guest.cancel()
    below.off('close', guest.cancel)
    this.#guests.delete(below)
  }

  #arrive(webSocket: WebSocket, socket: Socket, requestedHost: string | undefined): void {
    const stream = new WebSocketStream(webSocket, socket, socketBufferBytes)
    this.#deps.onArrival({
      stream,
      link: new WebSocketLink(this.#transport, socket, stream, { requestedHost, assume: this.#deps.assume }),
      identity: socket instanceof TLSSocket ? this.#deps.readIdentity(socket) : { kind: 'none' },
    })
  }

  #refuse(socket: Socket, refusal: UpgradeRefusal, what: string): void {
    if (!this.#note(socket, refusal, what)) return
    socket.resume() // unread bytes would turn the close into a reset, which can overtake the answer
    socket.write(textOf(refusal))
    socket.destroySoon()
  }

  /** @returns whether it is the first refusal of this connection */
  #note(socket: Socket, { status, message }: UpgradeRefusal, what: string): boolean {
    const guest = this.#guestOf(socket)
    if (!guest || guest.stage === 'refused') return false
    guest.stage = 'refused'
    const text = `${what} is answered ${status}: ${message}`
    const { remoteAddress } = guest
    this.#deps.log.write({ plane: 'mqtt', kind: 'refuse', cause: 'upgrade-refused', message: text, remoteAddress })
    if (status === 404) this.#deps.assume('A-62', remoteAddress)
    return true
  }

  #late(socket: Socket, { stage, remoteAddress }: Guest): void {
    if (stage === 'request') {
      const message = `no WebSocket within ${this.#deps.settings.connectTimeoutMs} ms`
      this.#deps.log.write({ plane: 'mqtt', kind: 'refuse', cause: 'connect-timeout', message, remoteAddress })
    }
    socket.destroy()
  }

  #guestOf(socket: Socket): Guest | undefined {
    return this.#guests.get(belowTls(socket))
  }
}

function belowTls(socket: Socket): Socket {
  return (socket instanceof TLSSocket && socketBelow(socket)) || socket
}

function optionsOf({ settings }: ListenerDeps) {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: chosenSubprotocol,
    maxPayload: packetsPerMessage * settings.maxPacketBytes,
    maxFragments: maxPieces,
    maxBufferedChunks: maxPieces,
    closeTimeout: closeTimeoutMs, // its types do not know it
  }
}

function destroyThis(this: Socket): void {
  this.destroy()
}

/** What of a request is told in the log. */
function lineOf({ method, url }: IncomingMessage): string {
  return `${method} ${JSON.stringify(url?.slice(0, 80))}`
}

function textOf({ status, message, headers }: UpgradeRefusal): string {
  const body = `${message}\n`
  const fields = { ...headers, Connection: 'close', 'Content-Type': 'text/plain', 'Content-Length': body.length }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
