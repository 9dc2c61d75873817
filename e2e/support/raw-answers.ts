import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { waitWithin } from '@apsaramq/testkit'

/** One HTTP answer as it came. */
export interface RawAnswers {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

interface FirstAnswer extends RawAnswers {
  /** What comes behind it. */
  rest: Buffer
}

/** The answer at the beginning, undefined where it is not whole. @throws {Error} where it is no HTTP/1.1 */
function firstAnswer(bytes: Buffer): FirstAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(line) ?? []
  if (!status) throw new Error(`no HTTP answer: ${bytes.toString('latin1', 0, 300)}`)
  const headers = Object.fromEntries(lines.map(fieldOf))
  const next = end + 4 + (status === '100' ? 0 : Number(headers['content-length']))
  if (!(next <= bytes.length)) return undefined
  return { status: Number(status), headers, body: bytes.toString('utf8', end + 4, next), rest: bytes.subarray(next) }
}

/** Splits bytes into answers. @throws {Error} where they are no HTTP/1.1, or the last one is cut off and may not be */
function readAnswers(bytes: Buffer, mayBeCut: boolean): RawAnswers[] {
  const answers: RawAnswers[] = []
  let rest = bytes
  for (let first = firstAnswer(rest); first; first = firstAnswer(rest)) {
    rest = first.rest
    if (first.status !== 100) answers.push(first)
  }
  if (rest.length === 0 || mayBeCut) return answers
  throw new Error(`an answer is cut off: ${rest.toString('latin1', 0, 300)}`)
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

/** How bytes are sent. */
export interface Delivery {
  /** In how many pieces. */
  pieces: number
  /** Resets the connection behind the last piece instead of ending its half. */
  reset: boolean
}

/** Sends bytes, ends, and reads the answers until the other side has ended. @throws {DeadlineError} where it never does */
export async function exchangeBytes(origin: string, bytes: Buffer, { pieces, reset }: Delivery): Promise<RawAnswers[]> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  const read: Buffer[] = []
  socket.on('data', (chunk) => read.push(chunk))
  let wasLost = false
  socket.on('error', () => {
    wasLost = true // what the server closed behind an answer it may not have read to its end
    socket.destroy()
  })
  socket.once('end', () => socket.end())
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  const length = Math.ceil(bytes.length / pieces)
  for (let at = 0; at < bytes.length; at += length) {
    if (socket.writable) socket.write(bytes.subarray(at, at + length))
    await setImmediate()
  }
  if (reset) socket.resetAndDestroy()
  else socket.end()
  await endOf(closed).finally(() => socket.destroy())
  return readAnswers(Buffer.concat(read), wasLost || reset)
}

function endOf(closed: Promise<unknown>): Promise<unknown> {
  return waitWithin<unknown>(
    { withinMs: 10_000 },
    ({ resolve, reject }) => {
      closed.then(resolve, reject)
      return () => undefined
    },
    (withinMs) => `the server did not end the connection within ${withinMs} ms`,
  )
}
