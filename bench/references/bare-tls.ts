import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { answerParent } from '../lib/child.ts'

/** What a TLS listener of the bench listens with; PEM. */
export interface TlsOrder {
  key: string
  cert: string
  /** The CA of the devices. */
  deviceCa: string
}

const connack = Buffer.from([0x20, 2, 0, 0])
const [CONNECT, DISCONNECT] = [1, 14]

/** The floor of node:tls: asks for the client's certificate, answers CONNECT by hand, closes on DISCONNECT. */
answerParent(async ({ key, cert, deviceCa }: TlsOrder) => {
  const server = tls.createServer(
    { key, cert, ca: deviceCa, requestCert: true, rejectUnauthorized: true, noDelay: true },
    (socket) => {
      socket.on('data', (chunk) => {
        const type = chunk[0]! >> 4
        if (type === CONNECT) socket.write(connack)
        if (type === DISCONNECT || chunk.at(-2) === DISCONNECT << 4) socket.end()
      })
      socket.on('error', () => socket.destroy()) // a client that has gone is no news
    },
  )
  server.on('tlsClientError', (error) => process.stderr.write(`bare TLS listener: ${error.message}\n`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // it listens on a port
})
