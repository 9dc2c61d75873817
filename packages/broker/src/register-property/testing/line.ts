import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import type { TestDevice } from '../../testing/broker-fixture.ts'
import type { Via } from './plan.ts'

/** A way to the broker, with every handshake done that the client sees. */
export interface Line {
  socket: TLSSocket
  /** Resolves when it has closed, whoever closed it. */
  closed: Promise<void>
  onData(take: (chunk: Buffer) => void): void
  /** In one piece; what is written into a line that has closed is lost, as it would be on its way. */
  write(bytes: Buffer): void
  /** Says goodbye behind what was written. */
  end(): void
  /** Whether the broker's side is known to have finished too. */
  isSecured: boolean
}

/** Where the broker of a test listens. */
export interface Ports {
  serverCa: string
  ports: Record<Via['over'], number>
}

/** TLS sessions to resume, by device and version. */
export type Tickets = Map<string, Buffer>

/** Opens a line. @throws when it closes before the handshake is done */
export async function openLine(to: Ports, tickets: Tickets, device: TestDevice, via: Via): Promise<Line> {
  const ticketKey = `${device.recordKey} ${via.tls} ${via.over}`
  const session = via.resumed ? tickets.get(ticketKey) : undefined
  const socket = connect({
    host: '127.0.0.1',
    port: to.ports[via.over],
    ca: to.serverCa,
    servername: 'localhost',
    key: device.key,
    cert: device.certificate,
    minVersion: via.tls,
    maxVersion: via.tls,
    ...(session && { session }),
  })
  socket.on('session', (ticket: Buffer) => tickets.set(ticketKey, ticket))
  socket.on('error', () => socket.destroy()) // a reset is one way of being cut
  socket.setNoDelay(true)
  const isSecured = await handshake(socket)
  if (via.over === 'mqtts') return { socket, isSecured, ...overTls(socket) }
  // the broker has taken it in by the time it grants the upgrade
  return { socket, isSecured: true, ...overWebSocket(await webSocketOn(socket)) }
}

type Carried = Pick<Line, 'closed' | 'onData' | 'write' | 'end'>

function overTls(socket: TLSSocket): Carried {
  return {
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    onData: (take) => void socket.on('data', take),
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    end: () => void socket.end(),
  }
}

function overWebSocket(webSocket: WebSocket): Carried {
  return {
    closed: new Promise((resolve) => webSocket.once('close', () => resolve())),
    onData: (take) => void webSocket.on('message', take),
    write: (bytes) => void (webSocket.readyState === WebSocket.OPEN && webSocket.send(bytes)),
    end: () => webSocket.close(),
  }
}

async function handshake(socket: TLSSocket): Promise<boolean> {
  const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')))
  const first = await Promise.race([once(socket, 'secureConnect'), closed])
  if (first === 'closed') throw new Error('closed in the handshake')
  const isResumed = socket.isSessionReused()
  // a full handshake of TLS 1.3 is over for the broker when it sends tickets, one of TLS 1.2 before it is for the client
  if (!isResumed && socket.getProtocol() === 'TLSv1.3') await Promise.race([once(socket, 'session'), closed])
  await nextTurn() // node tells of tickets from inside OpenSSL's read, where a write would be lost
  return !isResumed
}

async function webSocketOn(socket: TLSSocket): Promise<WebSocket> {
  const webSocket = new WebSocket('wss://localhost/mqtt', 'mqtt', { createConnection: () => socket })
  const closed = new Promise<'closed'>((resolve) => webSocket.once('close', () => resolve('closed')))
  webSocket.on('error', () => socket.destroy()) // as above
  if ((await Promise.race([once(webSocket, 'open'), closed])) === 'closed') throw new Error('closed in the handshake')
  return webSocket
}
