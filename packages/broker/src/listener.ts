import type { Server, Socket } from 'node:net'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import type { Endings } from './endings.ts'
import type { ReadIdentity } from './identity.ts'
import { SocketLink } from './link.ts'
import type { Arrival } from './reception.ts'
import type { BrokerOptions } from './settings.ts'

/** What a listener needs. */
export interface ListenerDeps extends Pick<BrokerOptions, 'tls' | 'settings' | 'log'> {
  endings: Endings
  readIdentity: ReadIdentity
  /** Takes a connection whose handshake is done. */
  onArrival(arrival: Arrival): void
}

/** A port that speaks TLS. */
export interface Listener {
  port: number
  /** Shows another certificate from the next handshake on. */
  setTls(context: BrokerOptions['tls']): void
  /** Stops listening and cuts what is still connected, handshakes too. */
  close(): Promise<void>
}

/** vendor: TLS 1.2; LIMITS A-16 for 1.3 */
const minVersion = 'TLSv1.2'

/** Bytes written ahead of a slow subscriber before others wait for it. */
const socketBufferBytes = 1024 * 1024

/**
 * Listens for TLS. It asks for a certificate and judges none: CAs are registered while it runs, and what TLS once
 * found good, a resumed session does not show again. The verdict at CONNECT refuses. There is no plain listener.
 * LIMITS A-27
 */
export async function listenTls(deps: ListenerDeps, at: { host: string; port: number }): Promise<Listener> {
  const server = createServer(optionsOf(deps), (stream) =>
    deps.onArrival({ stream, link: new SocketLink('mqtts', stream), identity: deps.readIdentity(stream) }),
  )
  const sockets = new Set<Socket>()
  const addresses = new WeakMap<Socket, string | undefined>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    addresses.set(socket, socket.remoteAddress) // a socket that has failed knows it no more
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', (error, socket) => {
    const below = socketBelow(socket)
    deps.endings.handshakeFailed(error, (below && addresses.get(below)) ?? 'unknown')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', ({ message }) => {
    deps.log.write({ plane: 'mqtt', kind: 'warn', message: `the listener failed: ${message}` })
  })
  return {
    port: portOf(server.address()),
    setTls: (context) => server.setSecureContext({ ...context, minVersion }),
    close: () => closeServer(server, sockets),
  }
}

/** The socket that a TLS socket was made of; Node keeps it, and its types do not say so. */
function socketBelow(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { _parent?: Socket })._parent
}

function optionsOf({ tls, settings }: ListenerDeps): TlsOptions {
  return {
    ...tls,
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true, // else each CONNACK of TLS 1.3 waits 44 ms for the acknowledgement of the session tickets
    minVersion,
    handshakeTimeout: settings.connectTimeoutMs, // real time: it is OpenSSL's
    highWaterMark: socketBufferBytes,
  }
}

function portOf(address: ReturnType<Server['address']>): number {
  if (typeof address === 'object' && address) return address.port
  throw new Error('a listening socket has an address')
}

function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}
