import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { Endpoints } from '@apsaramq/testkit'

/** The smallest MQTT 3.1.1 CONNECT: clean session, keep alive 60 s. */
export function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const rest = Buffer.concat([Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, id.length]), id])
  return Buffer.concat([Buffer.from([0x10, rest.length]), rest])
}

/** How a connection made by hand went. */
export interface TlsAttempt {
  socket: tls.TLSSocket
  /** Resolves with the bytes of the first answer; empty when the connection ended without any. */
  answer: Promise<Buffer>
}

/** What to present. */
export interface TlsIdentity {
  key?: string
  chain?: string
  session?: Buffer
  version?: 'TLSv1.2' | 'TLSv1.3'
}

/** Opens TLS to the broker and resolves once the handshake is done as the client sees it. */
export async function openTls(endpoints: Endpoints, identity: TlsIdentity): Promise<TlsAttempt> {
  const { hostname, port } = new URL(endpoints.mqtts)
  const { key, chain, session, version } = identity
  const socket = tls.connect({
    host: hostname,
    port: Number(port),
    ca: readFileSync(endpoints.caFile),
    ...(key ? { key } : {}),
    ...(chain ? { cert: chain } : {}),
    ...(session ? { session } : {}),
    ...(version ? { minVersion: version, maxVersion: version } : {}),
  })
  const answer = new Promise<Buffer>((resolve) => {
    socket.once('data', resolve)
    socket.once('close', () => resolve(Buffer.alloc(0)))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', () => resolve())
    socket.once('error', reject)
  })
  socket.on('error', () => socket.destroy()) // a cut connection shows as an empty answer
  return { socket, answer }
}
