import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { issueCa, issueServer } from '@apsaramq/pki'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AppOptions } from '../app.ts'
import { maxBodyBytes } from '../gateway/body.ts'
import { lingerMs } from '../gateway/linger.ts'
import { connectionsOf, listeningApp, markerStatus, rightCall } from '../testing/listening-app.ts'
import { rawConnection } from '../testing/raw-connection.ts'
import { createWorld, type World } from '../testing/world.ts'

/** Short enough to wait for, long enough for a marker meanwhile. */
const impatient = { requestMs: 400, silenceMs: 20_000 }

let world: World
let app: FastifyInstance
let port: number

async function start(options: AppOptions): Promise<void> {
  ;({ app, port } = await listeningApp(world, options))
}

beforeEach(async () => {
  world = await createWorld()
})

afterEach(() => app.close())

const refusals = () => world.log.filter(({ cause }) => cause !== undefined)

test.each([
  ['nothing', ''],
  ['half a request line', 'GET /?Act'],
  ['a head without its end', 'GET / HTTP/1.1\r\nHost: h\r\nX-A: b\r\n'],
  ['half a body', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc'],
  ['chunks without their end', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  [
    'a chunk size that promises a lot',
    'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nabc',
  ],
  ['trailers without their end', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: b\r\n'],
])(
  'a client that sends %s and waits is told so when its time is over; others are served meanwhile',
  async (_, bytes) => {
    await start({ patience: impatient })
    const slow = await rawConnection(port)
    slow.write(bytes)
    expect(await markerStatus(world, port)).toBe(200)
    const answer = await slow.next()
    expect(answer).toMatchObject({ status: 408, code: 'RequestTimeout', headers: { connection: 'close' } })
    expect(refusals()).toEqual([
      expect.objectContaining({ code: 'RequestTimeout', cause: 'request-timeout', status: 408 }),
    ])
    expect(answer.headers['x-acs-request-id']).toBe(refusals()[0]?.requestId)
    world.clock.advance(lingerMs)
    expect(await slow.rest()).toEqual([])
  },
)

test('a thousand such clients are served as one is, and nobody else waits for them', async () => {
  await start({ patience: impatient })
  const slow = await Promise.all(Array.from({ length: 1_000 }, () => rawConnection(port)))
  for (const [index, connection] of slow.entries()) connection.write(`GET /?${'a'.repeat(index)}`)
  expect(await markerStatus(world, port)).toBe(200)
  const answers = await Promise.all(slow.map((connection) => connection.next()))
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['RequestTimeout']))
  expect(refusals()).toHaveLength(1_000)
  for (const connection of slow) connection.socket.destroy()
  await app.close()
  expect(await connectionsOf(app)).toBe(0)
})

test('a call that comes byte by byte, head and body, is answered as one that comes at once', async () => {
  await start({})
  const slow = await rawConnection(port)
  slow.socket.setNoDelay(true)
  for (const byte of `${rightCall(world, 'Content-Type: a/b\r\nContent-Length: 5\r\n')}hello`) {
    slow.write(byte)
    await setImmediate()
  }
  expect(await slow.next()).toMatchObject({ status: 200 })
})

test('a head without an end is refused when it is too large', async () => {
  await start({})
  const endless = await rawConnection(port)
  endless.write('GET / HTTP/1.1\r\nHost: h\r\n')
  for (let lines = 0; lines < 200_000; lines += 10_000) endless.write('x: y\r\n'.repeat(10_000))
  expect(await endless.next()).toMatchObject({ status: 431, code: 'RequestHeaderTooLarge' })
  expect(refusals()).toHaveLength(1)
  world.clock.advance(lingerMs)
  await endless.rest()
})

test('chunks without an end are refused when they are too many', async () => {
  await start({})
  const endless = await rawConnection(port)
  endless.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
  for (let bytes = 0; bytes <= maxBodyBytes; bytes += 0x10000) endless.write(chunk)
  expect(await endless.next()).toMatchObject({ status: 413, code: 'RequestTooLarge' })
  expect(refusals()).toHaveLength(1)
  world.clock.advance(lingerMs)
  await endless.rest()
})

test('a client that calls and does not read is cut off, and holds back its own answers only', async () => {
  await start({ patience: { requestMs: 20_000, silenceMs: 1_500 } })
  const accepted = once(app.server, 'connection')
  const deaf = await rawConnection(port)
  const [socket] = await accepted
  const closed = once(socket, 'close')
  deaf.socket.pause()
  const tampered = rightCall(world).replace('Signature=', `Extra=${'%20'.repeat(3_000)}&Signature=`) // echoed whole
  for (let calls = 0; calls < 2_000; calls += 1) deaf.write(tampered)
  expect(await markerStatus(world, port)).toBe(200)
  await closed
  expect(refusals().at(-1)).toMatchObject({ cause: 'request-timeout', kind: 'refuse' })
  expect(refusals().length).toBeLessThan(2_000) // the others were not read
  expect(await markerStatus(world, port)).toBe(200)
  deaf.socket.destroy()
})

test('a handshake of TLS that does not go on ends when its time is over', async () => {
  const deps = { clock: { ...world.clock, now: () => Date.now() }, random: world.random }
  const ca = await issueCa({ commonName: 'API CA', keyType: 'ec' }, deps)
  const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
  await start({ https: { key, cert: certificate }, patience: impatient })
  const slow = await rawConnection(port)
  slow.write(Buffer.from('16030100f8010000f40303', 'hex'))
  const calling = connectTls({ port, host: 'localhost', ca: ca.certificate })
  calling.write(rightCall(world))
  expect(String((await once(calling, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  calling.destroy()
  expect(await slow.rest()).toEqual([])
  expect(refusals()).toEqual([
    expect.objectContaining({ cause: 'tls-failed', message: expect.stringContaining('handshake timeout') }),
  ])
})
