import net from 'node:net'
import type { SignedRequest } from '@apsaramq/testkit'

/** An answer and the moment it was complete (performance.now). */
export interface LaneAnswer {
  status: number
  answeredAt: number
  /** Raw, for looking at an error. */
  body: string
}

/** Kept-alive connections, one request at a time on each: an open loop needs more lanes, never a longer queue. */
export interface Lanes {
  send(request: Buffer, onAnswer: (answer: LaneAnswer) => void): void
  close(): void
}

/** A signed request as the bytes that go on the wire. */
export function bytesOf({ method, path, headers, body }: SignedRequest): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, 'connection: keep-alive', '', body].join('\r\n'))
}

interface Lane {
  socket: net.Socket
  onAnswer: ((answer: LaneAnswer) => void) | undefined
}

const headEnd = '\r\n\r\n'

/** A complete answer at the start of the text; undefined while it is still coming. */
function parseAnswer(text: string, answeredAt: number): LaneAnswer | undefined {
  const at = text.indexOf(headEnd)
  if (at < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, at))
  if (!length) throw new Error(`an answer without content-length: ${text.slice(0, at)}`)
  const end = at + headEnd.length + Number(length[1])
  if (text.length < end) return undefined
  return { status: Number(text.slice(9, 12)), answeredAt, body: text.slice(at + headEnd.length, end) }
}

async function openLane(origin: URL, idle: Lane[], onFailure: (error: Error) => void): Promise<Lane> {
  const socket = net.connect({ host: origin.hostname, port: Number(origin.port), noDelay: true })
  const lane: Lane = { socket, onAnswer: undefined }
  let text = ''
  socket.on('data', (chunk) => {
    if (!lane.onAnswer) return // a server says goodbye to a lane that was idle for long
    text += chunk.toString('latin1')
    const answer = parseAnswer(text, performance.now())
    if (!answer) return
    text = ''
    const { onAnswer } = lane
    lane.onAnswer = undefined
    idle.push(lane)
    onAnswer(answer)
  })
  socket.on('error', onFailure)
  socket.on('close', () => {
    if (lane.onAnswer) onFailure(new Error('the server closed a connection with a call on it'))
    else if (idle.includes(lane)) idle.splice(idle.indexOf(lane), 1)
  })
  await new Promise<void>((resolve) => void socket.once('connect', resolve))
  return lane
}

/** Opens the lanes. @param count most requests under way at once; more wait, and their wait is measured */
export async function openLanes(origin: string, count: number): Promise<Lanes> {
  const idle: Lane[] = []
  const waiting: [Buffer, (answer: LaneAnswer) => void][] = []
  let failure: Error | undefined
  const onFailure = (error: Error) => {
    failure = error
  }
  const lanes = await Promise.all(Array.from({ length: count }, () => openLane(new URL(origin), idle, onFailure)))
  idle.push(...lanes)
  const send: Lanes['send'] = (request, onAnswer) => {
    if (failure) throw failure
    const lane = idle.pop()
    if (!lane) return void waiting.push([request, onAnswer])
    lane.onAnswer = (answer) => {
      const next = waiting.shift()
      if (next) send(...next)
      onAnswer(answer)
    }
    lane.socket.write(request)
  }
  const close = () => {
    for (const { socket } of lanes) socket.destroy()
  }
  return { send, close }
}

/**
 * Sends a request that is none of the API's on each lane and resolves when all are answered: a server that is busy
 * takes one new connection a turn of its event loop, so that the last of many would wait for seconds, and the calls on
 * it with it.
 *
 * @param count how many lanes there are
 */
export async function warmUp(lanes: Lanes, count: number): Promise<void> {
  const request = Buffer.from('GET /warm-up HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: keep-alive\r\n\r\n')
  const once = () => new Promise<LaneAnswer>((resolve) => lanes.send(request, resolve))
  await Promise.all(Array.from({ length: count }, once))
}

/** Sends one request and resolves with its answer. */
export function sendOne(lanes: Lanes, request: SignedRequest): Promise<LaneAnswer> {
  return new Promise((resolve) => lanes.send(bytesOf(request), resolve))
}
