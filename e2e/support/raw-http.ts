import net from 'node:net'
import { once } from 'node:events'

/** An HTTP answer read by hand. */
export interface RawAnswer {
  status: number
  head: string
  body: string
}

/** Sends bytes as they are to the API and reads until the other side ends the connection. */
export async function rawHttp(origin: string, bytes: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin)
  const socket = net.connect({ host: hostname, port: Number(port) })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'connect')
  socket.write(bytes)
  await once(socket, 'close')
  const text = Buffer.concat(chunks).toString('utf8')
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: dechunk(head, text.slice(end + 4)) }
}

function dechunk(head: string, body: string): string {
  if (!/transfer-encoding: chunked/i.test(head)) return body
  return body.replace(/[0-9a-f]+\r\n([\s\S]*?)\r\n/gi, '$1')
}
