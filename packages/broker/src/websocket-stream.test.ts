import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { socketBufferBytes } from './link.ts'
import { WebSocketStream } from './websocket-stream.ts'

const server = createServer()
afterEach(() => {
  server.removeAllListeners('upgrade')
  server.closeAllConnections()
  server.close()
})

/** A stream and the client at its other end. */
async function pair(): Promise<{
  stream: WebSocketStream
  webSocket: WebSocket
  client: WebSocket
  socket: Socket
}> {
  const webSockets = new WebSocketServer({ noServer: true })
  const arrived = new Promise<{ stream: WebSocketStream; webSocket: WebSocket }>((resolve) => {
    server.on('upgrade', (request, socket, head) => {
      webSockets.handleUpgrade(request, socket as Socket, head, (webSocket) =>
        resolve({ webSocket, stream: new WebSocketStream(webSocket, socket as Socket, socketBufferBytes) }),
      )
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const socket = new Promise<Socket>((resolve) => client.once('upgrade', (response) => resolve(response.socket)))
  await once(client, 'open')
  return { ...(await arrived), client, socket: await socket }
}

test('P10: says that a client does not read once 1 MiB waits for it, and loses nothing of it', async () => {
  const { stream, client, socket } = await pair()
  const taken: Buffer[] = []
  client.on('message', (data: Buffer) => taken.push(data))
  socket.pause()
  const chunk = Buffer.alloc(10_000)
  let written = 0
  do chunk.writeUInt32BE((written += 1))
  while (stream.write(Buffer.from(chunk)))
  expect(stream.writableLength).toBeGreaterThanOrEqual(socketBufferBytes)
  expect(stream.writableLength).toBeLessThan(socketBufferBytes + chunk.length)
  const drained = once(stream, 'drain')
  socket.resume()
  await drained
  stream.end()
  expect((await once(client, 'close'))[0]).toBe(1000)
  const all = Buffer.concat(taken)
  const numbers = Array.from({ length: written }, (_, at) => all.readUInt32BE(at * chunk.length))
  expect([all.length, numbers]).toEqual([written * chunk.length, numbers.map((_, at) => at + 1)])
  expect(Math.max(...taken.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024)
})

test('is closed, for those who listen, when it is destroyed, and its client sees a lost connection', async () => {
  const { stream, client } = await pair()
  const ends = Promise.all([once(stream, 'close'), once(client, 'close')])
  stream.destroy()
  const [, [code]] = await ends
  expect([stream.closed, code]).toEqual([true, 1006])
})

test('what is written after a goodbye fails as on a socket that has gone', async () => {
  const { stream, webSocket } = await pair()
  webSocket.close()
  const failed = once(stream, 'error')
  stream.write('late')
  expect((await failed)[0]).toMatchObject({ code: 'EPIPE', message: expect.stringContaining('not open') })
})
