import { fastify } from 'fastify'
import { manualClock, type LogEntryInput } from '@apsaramq/model'
import { afterEach, expect, test } from 'vitest'
import { LogStreams } from '../log-streams.ts'
import { createRecorder } from '../recorder.ts'
import { logRoutes } from './log.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const refusal = (clientId: string): LogEntryInput => ({ plane: 'mqtt', kind: 'refuse', message: 'no', clientId })

async function serve(maxStreams = 2) {
  const recorder = createRecorder(manualClock(5), () => undefined)
  const streams = new LogStreams(recorder, manualClock(), { maxStreams })
  const app = fastify({ forceCloseConnections: true })
  logRoutes(app, { recorder, streams })
  closers.push(() => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, recorder, streams, origin }
}

/** A stream that is open, and what it says next. */
async function listen(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController()
  closers.push(async () => leaving.abort())
  const response = await fetch(url, { headers, signal: leaving.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    status: response.status,
    leave: () => leaving.abort(),
    /** Reads until a text comes; returns all that came. */
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`the stream ended without ${wanted}: ${text}`)
        text += value
      }
      return text
    },
    async rest(): Promise<string> {
      for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
      return text
    },
  }
}

test.each([
  ['?format=ndjson', {}],
  ['', { accept: 'application/x-ndjson' }],
])('F1: the log is NDJSON where that is asked for, by %s or by Accept', async (query, headers) => {
  const { recorder, origin } = await serve()
  recorder.write(refusal('a'))
  recorder.write(refusal('b'))
  const answer = await fetch(`${origin}/log${query}`, { headers })
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  const lines = [1, 2].map((seq) => `${JSON.stringify({ seq, at: 5, ...refusal(seq === 1 ? 'a' : 'b') })}\n`)
  expect(await answer.text()).toBe(lines.join(''))
})

test('F1: a reader that comes back with Last-Event-ID has what it missed, and then what comes', async () => {
  const { recorder, origin } = await serve()
  for (const clientId of ['a', 'b', 'c']) recorder.write(refusal(clientId))
  const stream = await listen(`${origin}/log/stream?after=0`, { 'last-event-id': '2' })
  await stream.until('id: 3\n')
  recorder.write(refusal('d'))
  const text = await stream.until('id: 4\n')
  expect(text.match(/^id: \d+$/gm)).toEqual(['id: 3', 'id: 4'])
})

test('F1: one stream too many is refused with the cure, and has its place when another has left', async () => {
  const { recorder, streams, origin } = await serve(1)
  const first = await listen(`${origin}/log/stream`)
  await first.until('retry')
  const refused = await fetch(`${origin}/log/stream`)
  expect([refused.status, await refused.json()]).toEqual([
    503,
    {
      error: 'too-many-streams',
      message: 'as many streams of the log are open as may be: close one, or read GET /log',
    },
  ])
  first.leave()
  await expect.poll(() => streams.count, { interval: 5 }).toBe(0)
  const second = await listen(`${origin}/log/stream`)
  await second.until('retry')
  recorder.write(refusal('e'))
  await second.until('id: 1\n')
})

test('F1: a close ends the streams, and nothing waits for their readers', async () => {
  const { app, recorder, origin } = await serve()
  const stream = await listen(`${origin}/log/stream`)
  await stream.until('retry')
  recorder.write(refusal('last'))
  await app.close()
  expect(await stream.rest()).toContain('"clientId":"last"')
})

test('F1: a reader that takes nothing costs no more than a bound, and is told what it has lost', async () => {
  const recorder = createRecorder(manualClock(), () => undefined, 50)
  const streams = new LogStreams(recorder, manualClock(), { maxUnreadBytes: 64 * 1024 })
  const app = fastify({ forceCloseConnections: true })
  let held: { writableLength: number } | undefined
  app.addHook('onRequest', async (_request, reply) => void (held = reply.raw))
  logRoutes(app, { recorder, streams })
  closers.push(() => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const stream = await listen(`${origin}/log/stream`)
  const long = { ...refusal('slow'), message: 'x'.repeat(20_000) }
  for (let at = 0; at < 2000; at += 1) recorder.write(long)
  expect(held!.writableLength).toBeLessThan(64 * 1024 + 25_000)
  const text = await stream.until('id: 2000\n')
  expect(text).toMatch(/event: gap\ndata: \{"after":\d+,"upTo":1950,/)
})
