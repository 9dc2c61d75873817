import { EventEmitter, once } from 'node:events'
import { createMemoryStore, type Store } from '@apsaramq/store'
import { expect, onTestFinished, test } from 'vitest'
import { signed } from '../testing/caller.ts'
import { listeningApp, rightCall } from '../testing/listening-app.ts'
import { exchange, rawConnection } from '../testing/raw-connection.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

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
  const { app, port } = await listeningApp(world)
  onTestFinished(() => app.close())
  return { world, port, reached, release: () => signals.emit('released') }
}

async function listening(): Promise<{ world: World; port: number }> {
  const world = await createWorld()
  const { app, port } = await listeningApp(world)
  onTestFinished(() => app.close())
  return { world, port }
}

function slowCall(world: World): string {
  const { method, url } = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  return `${method} ${url} HTTP/1.1\r\nHost: h\r\n\r\n`
}

const wrong = [
  'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: h\r\n\r\n',
]
const codesOfWrong = ['MissingAction', 'UnsupportedHTTPMethod', 'InvalidAction.NotFound']

test('a thousand calls in one write, right and wrong, are answered each, in their order', async () => {
  const { world, port } = await listening()
  const calls = Array.from({ length: 1_000 }, (_, index) => (index % 4 === 3 ? rightCall(world) : wrong[index % 4]!))
  const answers = await exchange(port, calls.join(''))
  expect(answers.map(({ status, code }) => code ?? status)).toEqual(
    calls.map((_, index) => (index % 4 === 3 ? 200 : codesOfWrong[index % 4])),
  )
  const ids = answers.map(({ headers }) => headers['x-acs-request-id'])
  expect(new Set(ids).size).toBe(1_000)
  expect(new Set(world.log.map(({ requestId }) => requestId))).toEqual(new Set(ids))
})

test('a call that waits for its commit is answered before the wrong ones behind it', async () => {
  const { world, port, reached, release } = await holdingWorld()
  const answers = exchange(port, slowCall(world) + wrong.join(''))
  await reached
  release()
  expect((await answers).map(({ status, code }) => code ?? status)).toEqual([200, ...codesOfWrong])
})

test.each([
  ['noise', '\0\0\0\0\r\n\r\n', 'MalformedRequest'],
  ['a head too large', `GET /?${'a'.repeat(200_000)} HTTP/1.1\r\n\r\n`, 'RequestHeaderTooLarge'],
  ['half a request', 'GET / HTT', 'MalformedRequest'],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'UnsupportedHTTPMethod'],
])('a call that waits for its commit is answered before %s behind it', async (_title, bytes, code) => {
  const { world, port, reached, release } = await holdingWorld()
  const answers = exchange(port, slowCall(world) + bytes)
  await reached
  release()
  expect((await answers).map((answer) => answer.code ?? answer.status)).toEqual([200, code])
  expect(world.log.map((entry) => entry.code ?? entry.status)).toEqual([200, code])
})

test('a client that has ended its half has the answer of a call that waits for its commit', async () => {
  const { world, port, reached, release } = await holdingWorld()
  const connection = await rawConnection(port)
  connection.write(slowCall(world))
  connection.socket.end()
  await reached
  release()
  expect(await connection.rest()).toEqual([expect.objectContaining({ status: 200 })])
})

test('a body that turns out malformed is answered by its own call, with one RequestId, behind those before it', async () => {
  const { world, port } = await listening()
  const bad = `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nzz\r\n`
  const answers = await exchange(port, rightCall(world) + bad + rightCall(world))
  expect(answers.map(({ status, code }) => code ?? status)).toEqual([200, 'MalformedRequest'])
  expect(world.log.map(({ requestId }) => requestId)).toEqual(answers.map(({ headers }) => headers['x-acs-request-id']))
})

test('behind an answer that closes the connection nothing is read', async () => {
  const { world, port } = await listening()
  const answers = await exchange(port, rightCall(world, 'Connection: close\r\n') + rightCall(world))
  expect(answers.map(({ status }) => status)).toEqual([200])
})
