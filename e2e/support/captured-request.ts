import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What a client writes for one call, byte by byte, from a server that answers it with an empty success. */
export async function captureRequest(call: (origin: URL) => Promise<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200, { connection: 'close' }).end('{"RequestId":"captured"}'))
  })
  server.on('connection', (socket: Socket) => {
    socket.on('data', (chunk) => chunks.push(chunk)) // a listener keeps the parser from reading the socket by itself
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo // it listens on TCP
    await call(new URL(`http://127.0.0.1:${port}`))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  }
  return Buffer.concat(chunks)
}
