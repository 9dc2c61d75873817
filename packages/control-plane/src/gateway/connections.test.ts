import { EventEmitter, once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { connect, Server, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { issueCa, issueServer } from '@apsaramq/pki'
import { createMemoryStore, type Store } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { signed } from '../testing/caller.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'
import { closeWithinMs, Connections } from './connections.ts'

async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as { port: number }).port
}

/** A connection that has sent `text`, and that the server knows. */
async function opened(app: FastifyInstance, port: number, text: string | Buffer = ''): Promise<Socket> {
  const accepted = once(app.server, 'connection')
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => socket.destroy())
  if (text.length > 0) socket.write(text)
  await accepted
  return socket
}

/** Everything that comes until the other side ends. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  await once(socket, 'close')
  return text
}

async function httpsApp(world: World): Promise<{ app: FastifyInstance; ca: string }> {
  const deps = { clock: { ...world.clock, now: () => Date.now() }, random: world.random }
  const ca = await issueCa({ commonName: 'API CA', keyType: 'ec' }, deps)
  const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
  return { app: world.plane.createApp({ https: { key, cert: certificate } }), ca: ca.certificate }
}

/** A world whose commits wait until they are let go. */
async function holdingWorld() {
  const store = createMemoryStore()
  const transact = store.transact.bind(store)
  const signals = new EventEmitter()
  const reached = once(signals, 'reached')
  const released = once(signals, 'released')
  const holding: Store['transact'] = async (work) => {
    signals.emit('reached')
    await released
    return transact(work)
  }
  const world = await createWorld({}, Object.assign(store, { transact: holding }))
  return { world, reached, release: () => signals.emit('released') }
}

function getRegisterCode(world: World): string {
  const { method, url } = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  return `${method} ${url} HTTP/1.1\r\nHost: h\r\n\r\n`
}

test.each([
  ['nothing', ''],
  ['half a request line', 'GET / HT'],
  ['a header that does not end', 'GET / HTTP/1.1\r\nHost: h\r\n'],
])('a close ends a connection that has sent %s', async (_title, text) => {
  const { app } = await createWorld()
  const socket = await opened(app, await listening(app), text)
  await Promise.all([app.close(), rest(socket)])
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['half a handshake', Buffer.from([0x16, 3, 1, 0, 200, 1])],
])('a close of the HTTPS API ends a connection that has sent %s', async (_title, bytes) => {
  const { app } = await httpsApp(await createWorld())
  const socket = await opened(app, await listening(app), bytes)
  await Promise.all([app.close(), rest(socket)])
})

test('a close of the HTTPS API ends a connection without a request behind its handshake', async () => {
  const { app, ca } = await httpsApp(await createWorld())
  const port = await listening(app)
  const secured = once(app.server, 'secureConnection')
  const socket = connectTls({ port, host: 'localhost', ca })
  await secured
  await Promise.all([app.close(), rest(socket)])
})

test('a call whose commit is under way is answered before the close is done, idle connections end before', async () => {
  const { world, reached, release } = await holdingWorld()
  const { app } = world
  const port = await listening(app)
  const idle = await opened(app, port)
  const calling = await opened(app, port, getRegisterCode(world))
  const answer = rest(calling)
  await reached
  const closed = app.close()
  await rest(idle)
  release()
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"RegisterCode":"[^"]+"\}$/)
  await closed
})

test('a call over TLS whose commit is under way is answered before the close is done', async () => {
  const { world, reached, release } = await holdingWorld()
  const { app, ca } = await httpsApp(world)
  const calling = connectTls({ port: await listening(app), host: 'localhost', ca })
  calling.write(getRegisterCode(world))
  const answer = rest(calling)
  await reached
  const closed = app.close()
  release()
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"RegisterCode":"[^"]+"\}$/)
  await closed
})

test('a close waits no longer than its bound for a body that does not come', async () => {
  const { app, clock } = await createWorld()
  const called = once(app.server, 'request')
  const socket = await opened(app, await listening(app), 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc')
  await called
  const idle = await opened(app, (app.server.address() as { port: number }).port)
  const closed = app.close()
  await rest(idle)
  clock.advance(closeWithinMs - 1)
  expect(socket.destroyed).toBe(false)
  clock.advance(1)
  await Promise.all([closed, rest(socket)])
})

/** A socket as a server would hand it over. */
function socketOf(remotePort: number | undefined): Socket {
  const remoteAddress = remotePort === undefined ? undefined : '127.0.0.1'
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress },
    remotePort: { value: remotePort },
  })
}

test('a client that has the port of one that is gone takes nothing from it: a close ends both', async () => {
  const { clock } = await createWorld()
  const connections = new Connections({ clock, log: { write: () => undefined } })
  const server = new Server()
  connections.watch(server as HttpServer) // it listens to events only
  const [gone, next, neverThere] = [socketOf(5000), socketOf(5000), socketOf(undefined)]
  for (const socket of [gone, next, neverThere]) server.emit('connection', socket)
  expect([gone, next, neverThere].map(({ destroyed }) => destroyed)).toEqual([false, false, true])
  connections.end()
  expect([gone, next].map(({ destroyed }) => destroyed)).toEqual([true, true])
})
