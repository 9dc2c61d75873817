import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { createWebSocketStream, WebSocket } from 'ws'
import type { TestDevice } from '../../testing/broker-fixture.ts'
import type { Via } from './plan.ts'

/** A stream to the broker, with every handshake done that the client sees. */
export interface Line {
  stream: Duplex
  socket: TLSSocket
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
  if (via.over === 'mqtts') return { stream: socket, socket, isSecured }
  return { stream: await webSocket(socket), socket, isSecured: false }
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

async function webSocket(socket: TLSSocket): Promise<Duplex> {
  const client = new WebSocket('wss://localhost/mqtt', 'mqtt', { createConnection: () => socket })
  const stream = createWebSocketStream(client)
  stream.on('error', () => stream.destroy()) // as above
  await new Promise<void>((resolve, reject) => {
    client.once('open', resolve)
    client.once('error', reject)
    client.once('close', () => reject(new Error('closed in the handshake')))
  })
  return stream
}
