import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { issueCa, issueServer } from '@apsaramq/pki'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectionsOf, listeningApp, markerStatus, rightCall } from '../testing/listening-app.ts'
import { exchange, rawConnection, type RawConnection } from '../testing/raw-connection.ts'
import { createWorld, type World } from '../testing/world.ts'

let world: World
let app: FastifyInstance
let port: number

beforeEach(async () => {
  world = await createWorld()
  ;({ app, port } = await listeningApp(world))
})

afterEach(() => app.close())

const refusals = () => world.log.filter(({ cause }) => cause !== undefined)

/** Resolves when a socket is closed, whatever closed it. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve()))

/** A connection, with its other end. */
async function bothEnds() {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>
  const connection = await rawConnection(port)
  const [server] = await accepted
  return { connection, server }
}

test.each([
  ['before it says anything', '', []],
  ['in its head', 'GET /?Act', ['request-broken-off']],
  ['in its body', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc', ['request-broken-off']],
  ['in a chunk', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc', ['request-broken-off']],
])('a client that resets the connection %s leaves nothing, and a line with its cause', async (_, bytes, causes) => {
  const { connection, server } = await bothEnds()
  const closed = closeOf(server)
  if (bytes !== '') {
    connection.write(bytes)
    while (server.bytesRead < bytes.length) await markerStatus(world, port)
  }
  connection.socket.resetAndDestroy()
  await closed
  expect(await markerStatus(world, port)).toBe(200)
  expect(refusals().map(({ cause }) => cause)).toEqual(causes)
  await app.close()
  expect(await connectionsOf(app)).toBe(0)
})

test('clients that reset in the middle of their answers disturb nobody', async () => {
  const large = `GET /?AccessKeyId=OWNER&Extra=${'%20'.repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`
  for (let turn = 0; turn < 100; turn += 1) {
    const connection = await rawConnection(port)
    connection.write(large + large + rightCall(world))
    await once(connection.socket, 'data')
    connection.socket.resetAndDestroy()
  }
  expect(await markerStatus(world, port)).toBe(200)
  await app.close()
  expect(await connectionsOf(app)).toBe(0)
})

/** Opens connections, never more at once than wait before a server without being dropped. */
async function openIdle(count: number): Promise<RawConnection[]> {
  const idle: RawConnection[] = []
  while (idle.length < count) {
    idle.push(...(await Promise.all(Array.from({ length: 100 }, () => rawConnection(port)))))
    while ((await connectionsOf(app)) < idle.length) await setImmediate()
  }
  return idle
}

test('three thousand idle connections are held, others are served, and a close ends them all', async () => {
  const idle = await openIdle(3_000)
  expect(await markerStatus(world, port)).toBe(200)
  expect(refusals()).toEqual([])
  await Promise.all([app.close(), ...idle.map((connection) => connection.rest())])
  expect(await connectionsOf(app)).toBe(0)
})

test('one connection more than there may be is closed at once, and logged', async () => {
  app.server.maxConnections = 2
  const held = [await rawConnection(port), await rawConnection(port)]
  expect(await (await rawConnection(port)).rest()).toEqual([])
  expect(refusals()).toEqual([expect.objectContaining({ cause: 'too-many-connections', remoteAddress: '127.0.0.1' })])
  const closed = closeOf(held[0]!.socket)
  held[0]!.socket.destroy()
  await closed
  held[1]!.write(rightCall(world))
  expect(await held[1]!.next()).toMatchObject({ status: 200 })
  held[1]!.socket.destroy()
})

test.each([
  ['a call in plain HTTP', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['noise', '\0\x01\x02\x03\x04\x05\x06\x07'],
  ['a CONNECT packet of MQTT', '\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test'],
])('%s on the port of HTTPS ends the connection, and is logged', async (_, bytes) => {
  const deps = { clock: { ...world.clock, now: () => Date.now() }, random: world.random }
  const ca = await issueCa({ commonName: 'API CA', keyType: 'ec' }, deps)
  const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
  const secure = await listeningApp(world, { https: { key, cert: certificate } })
  const connection = await rawConnection(secure.port)
  connection.write(bytes)
  await once(connection.socket, 'ended')
  connection.socket.destroy()
  expect(refusals()).toEqual([expect.objectContaining({ cause: 'tls-failed', kind: 'refuse', plane: 'api' })])

  const calling = connectTls({ port: secure.port, host: 'localhost', ca: ca.certificate })
  calling.write(rightCall(world))
  expect(String((await once(calling, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  calling.destroy()
  await secure.app.close()
  expect(await connectionsOf(secure.app)).toBe(0)
})

test('an expectation is met before the body comes, a foreign one is a call like any other', async () => {
  const { connection } = await bothEnds()
  connection.write(rightCall(world, 'Expect: 100-continue\r\nContent-Type: a/b\r\nContent-Length: 5\r\n'))
  expect(String((await once(connection.socket, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  connection.write('hello')
  expect(await connection.next()).toMatchObject({ status: 200 })
  connection.socket.destroy()
  expect(await exchange(port, rightCall(world, 'Expect: a-pony\r\n'))).toEqual([
    expect.objectContaining({ status: 200 }),
  ])
})
