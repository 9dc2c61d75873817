import type { FastifyInstance } from 'fastify'
import type { AppOptions } from '../app.ts'
import { signed } from './caller.ts'
import { exchange } from './raw-connection.ts'
import { instanceId, type World } from './world.ts'

/** An app of the world that listens on a port of its own. */
export async function listeningApp(
  world: World,
  options: AppOptions = {},
): Promise<{ app: FastifyInstance; port: number }> {
  const app = world.plane.createApp(options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: (app.server.address() as { port: number }).port }
}

/** The bytes of a call that is right: it changes nothing and is answered 200. */
export function rightCall(world: World, more = ''): string {
  const parameters = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
  const { method, url } = signed(world, 'ListCaCertificate', { parameters })
  return `${method} ${url} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
}

/** Makes a call that is right, on a connection of its own. @returns the status: 200 while others are served */
export async function markerStatus(world: World, port: number): Promise<number | undefined> {
  const [answer] = await exchange(port, rightCall(world))
  return answer?.status
}

/** How many connections a server has. */
export function connectionsOf(app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
