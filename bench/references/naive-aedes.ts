import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import tls from 'node:tls'
import type { Client } from 'aedes'
import { answerParent } from '../lib/child.ts'
import type { TlsOrder } from './bare-tls.ts'

/** What the smallest broker is made of. */
export interface NaiveOrder extends TlsOrder {
  /** `aedes` is what the emulator stands on, `aedes-1` the release before. */
  package: 'aedes' | 'aedes-1'
}

/** Where the smallest broker listens. */
export interface NaivePorts {
  mqtts: number
  http: number
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // it listens on a port
}

/** The release before; what is used of it is the same in both. */
const older = async () => (await import('aedes-1')) as unknown as typeof import('aedes')

/** aedes on node:tls with a list of revoked certificates, and a route that revokes: what one would write in an hour. */
answerParent(async ({ key, cert, deviceCa, package: name }: NaiveOrder): Promise<NaivePorts> => {
  const live = new Map<string, Client>()
  const revoked = new Set<string>()
  const { Aedes } = name === 'aedes' ? await import('aedes') : await older()
  const broker = await Aedes.createBroker()
  broker.authenticate = (client, _username, _password, done) => done(null, !revoked.has(client.id))
  broker.on('clientReady', (client) => void live.set(client.id, client))
  broker.on('clientDisconnect', (client) => void live.delete(client.id))
  const end = (clientId: string) => {
    revoked.add(clientId)
    live.get(clientId)?.conn.destroy()
  }
  const revoke = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1')
    const clientId = searchParams.get('clientId') ?? ''
    if (pathname === '/restore') revoked.delete(clientId)
    else if (pathname === '/revoke') end(clientId)
    else for (const id of live.keys()) end(id)
    const body = JSON.stringify({ clientId })
    response.setHeader('content-length', body.length).end(body)
  }
  const secure = { key, cert, ca: deviceCa, requestCert: true, rejectUnauthorized: true, noDelay: true }
  return {
    mqtts: await portOf(tls.createServer(secure, broker.handle)),
    http: await portOf(createServer(revoke)),
  }
})
