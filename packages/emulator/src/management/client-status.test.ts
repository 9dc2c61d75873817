import { fastify } from 'fastify'
import { manualClock, type LogEntryInput } from '@apsaramq/model'
import { afterEach, expect, test } from 'vitest'
import { createAssumptionLedger } from '../assumption-ledger.ts'
import { clientStatusSchema } from '../lifecycle/client-status.ts'
import { LogStreams } from '../log-streams.ts'
import { createRecorder } from '../recorder.ts'
import { clientStatusRoutes } from './client-status.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

function session(name: string, more: Partial<LogEntryInput> = {}): LogEntryInput {
  const who = { clientId: name, sessionId: `s-${name}`, instanceId: 'post-cn-first', remoteAddress: '127.0.0.1' }
  return { plane: 'mqtt', kind: 'connect', message: '', ...who, ...more }
}

function notice(seq: number, name: string, eventType = 'connect', reason = 'accepted', actionInfo = 'accepted') {
  const where = { channelId: `s-${name}`, clientIp: '127.0.0.1', instanceId: 'post-cn-first' }
  return { clientId: name, time: 5, ...where, seq, eventType, reason, actionInfo }
}

async function serve() {
  const recorder = createRecorder(manualClock(5), () => undefined)
  const ledger = createAssumptionLedger()
  const streams = new LogStreams(recorder, manualClock())
  const app = fastify({
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  clientStatusRoutes(app, { recorder, streams, ledger })
  closers.push(async () => {
    streams.end()
    await app.close()
  })
  const touched = () => ledger.entries().flatMap(({ id, touched: count, last }) => (count ? [[id, count, last]] : []))
  return { app, recorder, touched, origin: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

const byDisconnect = { kind: 'disconnect', byDisconnect: true } as const
const left = (seq: number, name: string) => [
  notice(seq, name, 'disconnect', 'disconnected-by-client', 'disconnected by client'),
  notice(seq, name, 'tcpclean', 'disconnected-by-client', 'closed by client'),
]

test('F6: tells who came and went, of all clients or of one, after a number, at most so many', async () => {
  const { app, recorder, touched } = await serve()
  const ask = async (query: string) => (await app.inject(`/client-status${query}`)).json() as unknown
  expect(await ask('')).toEqual({ notices: [] })
  expect(touched()).toEqual([])
  recorder.write(session('a'))
  recorder.write({ ...session('a'), kind: 'warn' })
  recorder.write(session('b'))
  recorder.write(session('a', byDisconnect))
  expect(await ask('')).toEqual({ notices: [notice(1, 'a'), notice(3, 'b'), ...left(4, 'a')] })
  expect(await ask('?clientId=b')).toEqual({ notices: [notice(3, 'b')] })
  expect(await ask('?after=3')).toEqual({ notices: left(4, 'a') })
  expect(await ask('?limit=1')).toEqual({ notices: left(4, 'a').slice(1) })
  expect(touched()).toEqual([['A-76', 4, 'a']])
  recorder.write(session('b', { kind: 'drop', cause: 'device-inactive' }))
  expect(await ask('?after=4')).toEqual({ notices: [notice(5, 'b', 'tcpclean', 'device-inactive', 'not authorized')] })
  expect(touched()).toEqual([
    ['A-76', 5, 'b'],
    ['A-78', 1, 'b'],
  ])
})

test.each([
  ['?format=ndjson', {}],
  ['', { accept: 'application/x-ndjson' }],
])('F6: answers in NDJSON where that is asked for, by %s or by Accept', async (query, headers) => {
  const { app, recorder } = await serve()
  recorder.write(session('a'))
  recorder.write(session('a', byDisconnect))
  const answer = await app.inject({ url: `/client-status${query}`, headers })
  expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
  const lines = [notice(1, 'a'), ...left(2, 'a')]
  expect(
    answer.body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(lines)
})

test.each(['?limit=0', '?after=x', '?format=xml', '?sn=01', '?clientId='])('F6: refuses %s', async (query) => {
  const { app } = await serve()
  expect((await app.inject(`/client-status${query}`)).statusCode).toBe(400)
})

test('F6: streams the notices of one client, from where the reader stopped', async () => {
  const { recorder, origin } = await serve()
  for (const name of ['a', 'b', 'a']) recorder.write(session(name))
  const leaving = new AbortController()
  closers.push(async () => leaving.abort())
  const url = `${origin}/client-status/stream?clientId=a`
  const response = await fetch(url, { headers: { 'last-event-id': '1' }, signal: leaving.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  async function until(wanted: string): Promise<void> {
    while (!text.includes(wanted)) text += (await reader.read()).value ?? ''
  }
  await until('id: 3\n')
  recorder.write(session('b', byDisconnect))
  recorder.write({ ...session('a'), kind: 'warn' })
  recorder.write(session('a', byDisconnect))
  await until('"tcpclean"')
  const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as unknown)
  expect(data).toEqual([notice(3, 'a'), ...left(6, 'a')])
  expect(text.match(/^id: \d+$/gm)).toEqual(['id: 3', 'id: 6', 'id: 6'])
})

test('F6: the schema is served beside them', async () => {
  const { app } = await serve()
  expect((await app.inject('/client-status/schema')).json()).toEqual(clientStatusSchema)
})
