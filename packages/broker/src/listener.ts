import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, Server as TlsServer, type TLSSocket } from 'node:tls'
import type { Endings } from './endings.ts'
import type { ReadIdentity } from './identity.ts'
import { SocketLink, socketBufferBytes, socketOptions } from './link.ts'
import type { Arrival } from './reception.ts'
import type { BrokerOptions, Transport } from './settings.ts'
import { contextOf, socketBelow, tlsOptions } from './tls-server.ts'
import { takeUpgrades } from './upgrades.ts'

/** What a listener needs. */
export interface ListenerDeps extends Pick<BrokerOptions, 'tls' | 'settings' | 'log' | 'clock' | 'assume'> {
  endings: Endings
  readIdentity: ReadIdentity
  /** Takes a connection whose handshakes are done. */
  onArrival(arrival: Arrival): void
}

/** A port that clients come to. */
export interface Listener {
  port: number
  /** Shows another certificate from the next handshake on, where there is TLS. */
  setTls(context: BrokerOptions['tls']): void
  /** Stops listening and cuts what is still connected, handshakes and half-open upgrades too. */
  close(): Promise<void>
}

/** Deadlines are the broker's own: those of node:http are in real time, and apart for head and body. */
const httpOptions = { headersTimeout: 0, requestTimeout: 0, ...socketOptions }

/**
 * The server of each transport. Those with TLS ask for a certificate and judge none: CAs are registered while they
 * run, and what TLS once found good, a resumed session does not show again. The verdict at CONNECT refuses.
 */
const serverOf: Readonly<Record<Transport, (deps: ListenerDeps) => Server>> = {
  mqtts: (deps) =>
    createTlsServer({ ...tlsOptions(deps), highWaterMark: socketBufferBytes }, (stream) =>
      deps.onArrival({ stream, link: new SocketLink('mqtts', stream), identity: deps.readIdentity(stream) }),
    ),
  mqtt: (deps) =>
    createTcpServer({ ...socketOptions, highWaterMark: socketBufferBytes }, (stream) =>
      deps.onArrival({ stream, link: new SocketLink('mqtt', stream), identity: { kind: 'none' } }),
    ),
  wss: (deps) => takeUpgrades(deps, 'wss', createHttpsServer({ ...tlsOptions(deps), ...httpOptions })),
  ws: (deps) => takeUpgrades(deps, 'ws', createHttpServer(httpOptions)),
}

/** Listens for clients. @throws the error of the socket, for example EADDRINUSE */
export async function listen(
  deps: ListenerDeps,
  transport: Transport,
  at: { host: string; port: number },
): Promise<Listener> {
  const server = serverOf[transport](deps)
  const sockets = followSockets(server, deps.endings)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', ({ message }) => {
    deps.log.write({ plane: 'mqtt', kind: 'warn', message: `the listener of ${transport} failed: ${message}` })
  })
  return {
    port: portOf(server.address()),
    setTls: (context) => void (server instanceof TlsServer && server.setSecureContext(contextOf(context))),
    close: () => closeServer(server, sockets),
  }
}

/** Every socket from its first moment on, and what becomes of its TLS. */
function followSockets(server: Server, endings: Endings): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  const addresses = new WeakMap<Socket, string | undefined>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    addresses.set(socket, socket.remoteAddress) // a socket that has failed knows it no more
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    const below = socketBelow(socket)
    endings.handshakeFailed(error, (below && addresses.get(below)) ?? 'unknown')
  })
  return sockets
}

function portOf(address: ReturnType<Server['address']>): number {
  if (typeof address === 'object' && address) return address.port
  throw new Error('a listening socket has an address')
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}
