import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One HTTP answer as it came, read by its Content-Length. */
export interface RawAnswer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  /** Empty where there is none. */
  body: string
  /** The `Code` of an error in the envelope; undefined for anything else. */
  code: string | undefined
}

function headersOf(lines: string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
}

function codeOf(body: string): string | undefined {
  const value = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {}
  return typeof value.Code === 'string' ? value.Code : undefined
}

/** Splits bytes into the answers that are whole, and what is left. @throws {Error} where they are no HTTP */
export function readAnswers(bytes: Buffer): { answers: RawAnswer[]; rest: Buffer } {
  const answers: RawAnswer[] = []
  let rest = bytes
  for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
    const [line = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1])
    if (Number.isNaN(status)) throw new Error(`no HTTP answer: ${JSON.stringify(line.slice(0, 200))}`)
    const headers = headersOf(lines)
    const length = status === 100 ? 0 : Number(headers['content-length'])
    if (rest.length < end + 4 + length) break
    const body = rest.toString('utf8', end + 4, end + 4 + length)
    if (status !== 100) answers.push({ status, headers, body, code: codeOf(body) })
    rest = rest.subarray(end + 4 + length)
  }
  return { answers, rest }
}

/** A TCP connection that sends bytes as they are. */
export class RawConnection {
  readonly socket: Socket
  readonly #answers: RawAnswer[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #hasEnded = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => socket.destroy()) // a reset is an end
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      socket.emit('change')
    })
    for (const event of ['end', 'close'] as const) socket.on(event, () => this.#end())
  }

  /** Sends bytes; of a text one a character. */
  write(what: string | Buffer): void {
    this.socket.write(typeof what === 'string' ? Buffer.from(what, 'latin1') : what)
  }

  /** The next answer. @throws {Error} where the other side ends without one */
  async next(): Promise<RawAnswer> {
    for (this.#read(); this.#answers.length === 0; this.#read()) {
      if (this.#hasEnded) throw new Error('the connection ended without an answer')
      await once(this.socket, 'change')
    }
    return this.#answers.shift()!
  }

  /** Every answer until the other side ends. @throws {Error} where what came is no HTTP, or the last answer is cut off */
  async rest(): Promise<RawAnswer[]> {
    if (!this.#hasEnded) await once(this.socket, 'ended')
    this.#read()
    this.socket.destroy()
    if (this.#bytes.length === 0) return this.#answers.splice(0)
    throw new Error(`an answer is cut off: ${JSON.stringify(this.#bytes.toString('latin1'))}`)
  }

  #read(): void {
    const { answers, rest } = readAnswers(this.#bytes)
    this.#answers.push(...answers)
    this.#bytes = rest
  }

  #end(): void {
    this.#hasEnded = true
    this.socket.emit('change')
    this.socket.emit('ended')
  }
}

/** Opens a connection that stays half open when the other side ends its half. */
export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const connection = new RawConnection(socket)
  await Promise.race([once(socket, 'connect'), once(socket, 'ended')])
  return connection
}

/** Sends bytes, ends its half, and reads every answer until the other side ends. */
export async function exchange(port: number, bytes: string | Buffer): Promise<RawAnswer[]> {
  const connection = await rawConnection(port)
  connection.write(bytes)
  connection.socket.end()
  return connection.rest()
}
