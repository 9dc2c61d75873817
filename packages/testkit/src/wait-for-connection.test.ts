import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import http from 'node:http'
import { manualClock } from '@apsaramq/model'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { watchConnection } from './connection-watch.ts'
import { waitForConnect, waitForDisconnect, waitForRefusal } from './wait-for-connection.ts'
import { waitForMessage } from './wait-for-message.ts'

const connack = (code: number) => Buffer.from([0x20, 2, 0, code])
const publish = (topic: string, text: string) =>
  Buffer.concat([Buffer.from([0x30, 2 + topic.length + text.length, 0, topic.length]), Buffer.from(topic + text)])
const accept = (socket: Socket) => void socket.write(connack(0))

const open: MqttClient[] = []
afterEach(async () => {
  for (const client of open.splice(0)) await client.endAsync(true)
})

/** A broker that answers every CONNECT as `answers` say in turn; the last one stays. */
async function broker(...answers: ((socket: Socket) => void)[]) {
  const sockets: Socket[] = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => (answers.length > 1 ? answers.shift() : answers[0])!(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

function device(port: number, options: IClientOptions = {}): MqttClient {
  const client = connect(`mqtt://127.0.0.1:${port}`, { clientId: 'GID_test@@@1', reconnectPeriod: 0, ...options })
  open.push(client)
  return client
}

test('an accepted client is seen as connected, also when that was before the wait', async () => {
  const { port } = await broker(accept)
  const client = device(port)
  expect((await waitForConnect(client)).state).toBe('connected')
  expect((await waitForConnect(client)).state).toBe('connected')
})

test('a connection that ends is seen as lost', async () => {
  const { port, sockets } = await broker(accept)
  const client = device(port)
  await waitForConnect(client)
  const lost = waitForDisconnect(client)
  sockets[0]!.end()
  expect(await lost).toMatchObject({ state: 'lost', detail: 'the connection was closed' })
})

test('C10: a close without CONNACK is a refusal by cut', async () => {
  const { port } = await broker((socket) => socket.end())
  expect(await waitForRefusal(device(port))).toMatchObject({ state: 'refused', by: 'cut' })
})

test('C10: a refusing CONNACK is a refusal with its code', async () => {
  const { port } = await broker((socket) => socket.end(connack(5)))
  expect(await waitForRefusal(device(port))).toMatchObject({
    state: 'refused',
    by: 'connack',
    code: 5,
    detail: 'Connection refused: Not authorized',
  })
})

test('an accepted client fails the wait for a refusal at once', async () => {
  const { port } = await broker(accept)
  const client = device(port)
  await waitForConnect(client)
  await expect(waitForRefusal(client)).rejects.toThrow('GID_test@@@1 was expected to be refused and is connected')
})

test('the next refusal is one that comes after the call', async () => {
  const { port } = await broker(
    (socket) => socket.end(),
    (socket) => socket.end(connack(4)),
  )
  const client = device(port, { reconnectPeriod: 1 })
  const first = await waitForRefusal(client)
  expect(first.by).toBe('cut')
  expect(await waitForRefusal(client, { next: true })).toMatchObject({ by: 'connack', code: 4 })
})

test('no broker at all is not a refusal: the deadline says what was seen', async () => {
  const { port, server } = await broker(accept)
  server.close()
  await once(server, 'close')
  const clock = manualClock()
  const client = device(port)
  const gone = waitForDisconnect(client, { clock })
  const refused = waitForRefusal(client, { clock, withinMs: 100 })
  expect(await gone).toMatchObject({ state: 'unreachable' })
  clock.advance(100)
  await expect(refused).rejects.toThrow(
    /^waited 100 ms for GID_test@@@1 to be refused; it is unreachable; seen: error connect ECONNREFUSED .*, closed \(\+0 ms\)$/,
  )
})

test('F4: a missed deadline quotes the explanation of the emulator', async () => {
  const management = http.createServer((request, response) => response.end(JSON.stringify({ answer: request.url })))
  management.listen(0, '127.0.0.1')
  await once(management, 'listening')
  onTestFinished(() => void management.close())
  const { port } = await broker((socket) => socket.end())
  const clock = manualClock()
  const client = device(port)
  watchConnection(client, clock).management = `http://127.0.0.1:${(management.address() as AddressInfo).port}`
  const connected = waitForConnect(client, { clock, withinMs: 100 })
  await waitForRefusal(client, { clock })
  clock.advance(100)
  await expect(connected).rejects.toThrow('the emulator says: {"answer":"/explain?clientId=GID_test%40%40%401"}')
})

test('a client that was told to end is not lost', async () => {
  const { port } = await broker(accept)
  const client = device(port)
  await waitForConnect(client)
  const gone = waitForDisconnect(client)
  await client.endAsync()
  expect(await gone).toMatchObject({ state: 'ended' })
})

test('a message that matches ends the wait, and a missed one names the others', async () => {
  const { port, sockets } = await broker(accept)
  const clock = manualClock()
  const client = device(port)
  await waitForConnect(client)
  const wanted = waitForMessage(client, ({ payload }) => payload.toString() === 'two')
  const never = waitForMessage(client, ({ topic }) => topic === 'other', { clock, withinMs: 50 })
  sockets[0]!.write(Buffer.concat([publish('demo', 'one'), publish('demo', 'two')]))
  expect(await wanted).toEqual({ topic: 'demo', payload: Buffer.from('two') })
  clock.advance(50)
  await expect(never).rejects.toThrow(
    'waited 50 ms for a message; others that came: demo one, demo two; the client is connected',
  )
})
