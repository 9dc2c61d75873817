import { fastify } from 'fastify'
import { manualClock, systemRandom, type LogEntry } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { afterEach, describe, expect, it } from 'vitest'
import { createAssumptionLedger } from '../assumption-ledger.ts'
import { configure } from '../configure.ts'
import { LimitWatch } from '../limits/limit-watch.ts'
import { LogStreams } from '../log-streams.ts'
import type { Settings } from '../options.ts'
import { createRecorder } from '../recorder.ts'
import { builtInSeed } from '../seed/seed-file.ts'
import { makeControlPlane } from '../services.ts'
import { limitRoutes } from './limits.ts'
import { politenessRoute } from './politeness.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const account = '1000000000000001'
const startAt = Date.UTC(2026, 0, 1)

/** An API of two calls a second, whose clock stands still, and the management port's pages about its limits. */
async function stage(chosen: Partial<Settings> = {}) {
  const clock = manualClock(startAt)
  const logged: LogEntry[] = []
  const recorder = createRecorder(clock, (entry) => logged.push(entry))
  const ledger = createAssumptionLedger()
  const store = createMemoryStore()
  await store.transact((tx) => {
    tx.accounts.put({ id: account, name: 'owner' })
    tx.users.put({ id: 'u1', accountId: account, name: 'reader', policies: [] })
    tx.accessKeys.put({ id: 'owner-key', secret: 's', accountId: account, userId: null, status: 'active' })
    tx.accessKeys.put({ id: 'reader-key', secret: 's', accountId: account, userId: 'u1', status: 'active' })
  })
  const settings = { ...configure().settings, auth: 'off' as const, limit: 2, ...chosen }
  const shared = { settings, clock, random: systemRandom, seed: builtInSeed, recorder, ledger }
  const plane = makeControlPlane(store, shared)
  const api = plane.createApp()
  const limitWatch = new LimitWatch(recorder, clock)
  const limitStreams = new LogStreams(limitWatch.events, clock)
  const management = fastify({ forceCloseConnections: true })
  limitRoutes(management, { limitWatch, limitStreams, ledger, log: recorder, throttle: () => plane })
  politenessRoute(management, limitWatch)
  closers.push(
    () => api.close(),
    () => management.close(),
  )
  const call = async (action = 'GetRegisterCode', key = 'owner-key') => {
    const query = { Action: action, Version: '2020-04-20', Format: 'JSON', MqttInstanceId: 'none', AccessKeyId: key }
    const { Code } = (await api.inject({ url: '/', query })).json<{ Code: string }>()
    return Code === 'Throttling.User' ? 'refused' : 'admitted'
  }
  const ask = async (method: 'GET' | 'PUT' | 'DELETE', url: string, body?: object) => {
    const answer = await management.inject({ method, url, ...(body && { payload: body }) })
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
  }
  return { clock, plane, ledger, limitWatch, management, call, ask, logged }
}

async function results(times: number, call: () => Promise<string>): Promise<string> {
  const seen: string[] = []
  for (let at = 0; at < times; at += 1) seen.push(await call())
  return seen.map((result) => result[0]).join('')
}

describe('D6: the page of the limits', () => {
  it('tells the rules with what stands behind them, and nothing of callers before the first', async () => {
    const { ask } = await stage()
    const { body } = await ask('GET', '/limits')
    const { rules, ...rest } = body as { rules: { name: string; assumptions: { id: string }[] }[] }
    expect(rest).toEqual({ usage: [], more: 0, forgotten: [], since: startAt })
    expect(rules.map(({ assumptions, ...rule }) => ({ ...rule, ids: assumptions.map(({ id }) => id) }))).toEqual([
      {
        name: 'calls',
        scope: 'account',
        per: 'operation',
        algorithm: 'sliding',
        mode: 'enforce',
        code: 'Throttling.User',
        limit: 2,
        origin: 'set',
        particular: [{ perSecond: 100, action: 'BatchQuerySessionByClientIds', accountId: null, origin: 'documented' }],
        ids: ['A-05', 'A-06', 'A-25'],
      },
      {
        name: 'source-ip',
        scope: 'ip',
        per: 'operation',
        algorithm: 'sliding',
        mode: 'warn',
        code: 'Throttling.User',
        limit: 300,
        origin: 'documented',
        particular: [],
        ids: ['A-05', 'A-06', 'A-25', 'A-58'],
      },
    ])
    expect(rules[0]!.assumptions[0]).toMatchObject({ confidence: 'assumed', says: expect.any(String) as unknown })
  })

  it('tells how each window stands, the most refused first, and goes on counting when it is empty', async () => {
    const { ask, call, clock } = await stage()
    await results(2, () => call('ListCaCertificate'))
    clock.advance(400)
    await results(5, call)
    const own = { rule: 'calls', scope: 'account', caller: account, accountId: account, algorithm: 'sliding' }
    const [one, two] = [
      { ...own, mode: 'enforce', action: 'GetRegisterCode', limit: 2, allowed: 2, refused: 3 },
      { ...own, mode: 'enforce', action: 'ListCaCertificate', limit: 2, allowed: 2, refused: 0 },
    ]
    const usage = async () => (await ask('GET', '/limits?rule=calls')).body['usage']
    expect(await usage()).toEqual([
      { ...one, used: 2, remaining: 0, resetsInMs: 1000 },
      { ...two, used: 2, remaining: 0, resetsInMs: 600 },
    ])
    clock.advance(600)
    expect(await usage()).toEqual([
      { ...one, used: 2, remaining: 0, resetsInMs: 400 },
      { ...two, used: 0, remaining: 2, resetsInMs: 0 },
    ])
    expect(await results(1, () => call('ListCaCertificate'))).toBe('a')
    expect(await usage()).toEqual([
      { ...one, used: 2, remaining: 0, resetsInMs: 400 },
      { ...two, used: 1, remaining: 1, resetsInMs: 1000, allowed: 3 },
    ])
  })

  it('tells the rows that are asked for, and how many more there are', async () => {
    const { ask, call } = await stage()
    await results(1, call)
    await results(1, () => call('ListCaCertificate'))
    const shown = async (query: string) => {
      const { usage, more } = (await ask('GET', `/limits?${query}`)).body as {
        usage: Record<string, unknown>[]
        more: number
      }
      return [usage.map(({ rule, action }) => `${rule} ${action}`), more]
    }
    expect(await shown('rule=calls&action=ListCaCertificate')).toEqual([['calls ListCaCertificate'], 0])
    expect(await shown('rule=source-ip&limit=1')).toEqual([['source-ip GetRegisterCode'], 1])
    expect(await shown('accountId=another')).toEqual([[], 0])
  })
})

describe('D7: a limit that is changed while the emulator runs', () => {
  it('is raised and lowered from the next call on, and no call is forgotten', async () => {
    const { ask, call, clock, logged, ledger } = await stage()
    expect(await results(3, call)).toBe('aar')
    expect(await ask('PUT', '/limits', { limit: 4 })).toEqual({
      status: 200,
      body: { rule: 'calls', limit: 4, before: 2 },
    })
    expect(await results(3, call)).toBe('aar')
    await ask('PUT', '/limits', { limit: 3, action: 'GetRegisterCode' })
    clock.advance(999)
    expect(await results(1, call)).toBe('r')
    clock.advance(1)
    expect(await results(4, call)).toBe('aaar')
    const said = logged.filter(({ plane }) => plane === 'management')
    expect(said.map(({ kind, action, message }) => [kind, action, message])).toEqual([
      [
        'lifecycle',
        undefined,
        'operations without a limit of their own: 4 calls a second from the next call on, before 2; rule calls',
      ],
      ['lifecycle', 'GetRegisterCode', 'GetRegisterCode: 3 calls a second from the next call on, before 4; rule calls'],
    ])
    expect(ledger.entries().find(({ id }) => id === 'A-86')?.touched).toBe(2)
  })

  it('can be of one account, and all go back to what is configured without a reset', async () => {
    const { ask, call } = await stage()
    const change = { limit: 3, accountId: account, action: 'GetRegisterCode' }
    expect((await ask('PUT', '/limits', change)).body).toEqual({
      accountId: account,
      action: 'GetRegisterCode',
      rule: 'calls',
      limit: 3,
      before: 2,
    })
    const { rules } = (await ask('GET', '/limits?limit=1')).body as { rules: { particular: object[] }[] }
    expect(rules[0]!.particular[1]).toEqual({
      perSecond: 3,
      action: 'GetRegisterCode',
      accountId: account,
      origin: 'set',
    })
    expect(await results(4, call)).toBe('aaar')
    const { status, body } = await ask('DELETE', '/limits')
    expect([status, (body as { rules: typeof rules }).rules[0]!.particular.length]).toEqual([200, 1])
    expect(await results(2, call)).toBe('rr')
  })

  it('can be of an operation that had none of its own, where all share one limit', async () => {
    const { ask, call } = await stage({ throttlePer: 'shared', limit: 5 })
    const change = { limit: 1, action: 'GetRegisterCode' }
    expect((await ask('PUT', '/limits', change)).body).toEqual({ ...change, rule: 'operation', before: null })
    expect([await results(2, call), await results(5, () => call('ListCaCertificate'))]).toEqual(['ar', 'aaaar'])
    const { usage } = (await ask('GET', '/limits?rule=calls')).body
    expect(usage).toEqual([expect.objectContaining({ action: null, caller: account, used: 5, allowed: 5, refused: 1 })])
  })

  it.each([
    [{ limit: 0 }, 'the limit must be a whole number of calls a second from 1 to 1000000000; it was 0'],
    [{ limit: -5 }, 'the limit must be a whole number of calls a second from 1 to 1000000000; it was -5'],
    [{ limit: 1.5 }, 'the limit must be a whole number of calls a second from 1 to 1000000000; it was 1.5'],
    [{ limit: 1e300 }, 'the limit must be a whole number of calls a second from 1 to 1000000000; it was 1e+300'],
    [{ limit: '9' }, 'the limit must be a number; it was "9"'],
    [{ limit: 9, action: 'Nothing' }, 'the limit is of an operation that is served; Nothing is none'],
    [{ limit: 9, accountId: '7' }, 'the limit is of an account that is known; 7 is none'],
    [{ limit: 9, rule: 'none' }, 'no rule is named none; there are calls, source-ip'],
    [
      { limit: 9, rule: 'source-ip', accountId: account },
      'the rule source-ip counts source addresses; it has no limit of one account',
    ],
    [{ limit: 9, burst: 2 }, '"burst" is nothing a limit has: limit, rule, action, accountId'],
  ])('%j is refused with one sentence, and changes and logs nothing', async (change, sentence) => {
    const { ask, plane, logged, limitWatch } = await stage()
    const before = plane.limits()
    const { body } = await ask('PUT', '/limits', change)
    expect(body).toMatchObject({ message: sentence })
    const said = logged.filter((entry) => entry.plane === 'management')
    expect([plane.limits(), said, limitWatch.events.lastSeq()]).toEqual([before, [], 0])
  })
})

/** What a reader is sent until the connection ends. */
async function listening(url: string) {
  const response = await fetch(url)
  return { type: response.headers.get('content-type'), text: response.text() }
}

function eventsIn(text: string) {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as Record<string, unknown>)
}

describe('D6: the events of the limits as server-sent events', () => {
  it('tell refusals together and changes as they are made, to whom they are about', async () => {
    const { ask, call, clock, management } = await stage()
    const origin = await management.listen({ host: '127.0.0.1', port: 0 })
    const [all, ofAnother] = [
      await listening(`${origin}/limits/events`),
      await listening(`${origin}/limits/events?action=ListCaCertificate`),
    ]
    await results(2, () => call('GetRegisterCode', 'reader-key'))
    await results(40, call)
    clock.advance(1000)
    await ask('PUT', '/limits', { limit: 9 })
    await management.close()
    const common = { accountId: account, remoteAddress: '127.0.0.1', action: 'GetRegisterCode', rule: 'calls' }
    const refused = { seq: 1, at: startAt + 1000, type: 'refused', ...common, accessKeyId: 'owner-key', userName: null }
    const message =
      'operations without a limit of their own: 9 calls a second from the next call on, before 2; rule calls'
    const changed = { seq: 2, at: startAt + 1000, type: 'changed', message, rule: 'calls', limit: 9 }
    expect(eventsIn(await all.text)).toEqual([{ ...refused, calls: 40, limit: 2, retryAfterMs: 1000 }, changed])
    expect(eventsIn(await ofAnother.text)).toEqual([changed])
    expect(all.type).toBe('text/event-stream')
  })
})

describe('D11: the page of politeness', () => {
  it('names the rude before the polite, with their waits and what is meant by it', async () => {
    const { ask, call, clock } = await stage()
    const polite = () => call('GetRegisterCode', 'reader-key')
    const rude = () => call('GetRegisterCode', 'owner-key')
    expect(await results(3, polite)).toBe('aar')
    expect(await rude()).toBe('refused')
    clock.advance(150)
    expect(await rude()).toBe('refused')
    clock.advance(100)
    expect(await rude()).toBe('refused')
    clock.advance(750)
    expect(await polite()).toBe('admitted')
    const { body } = await ask('GET', '/politeness')
    const client = { accountId: account, remoteAddress: '127.0.0.1' }
    const figures = { action: 'GetRegisterCode', onTheirWay: 0 }
    const kept = { toldMs: 1000, waitedMs: 1000 }
    expect(body).toEqual({
      rude: [`the owner of ${account}`],
      clients: [
        {
          name: `the owner of ${account}`,
          ...client,
          accessKeyId: 'owner-key',
          userName: null,
          verdict: 'rude',
          refusals: 3,
          kept: 0,
          broken: 2,
          operations: [
            {
              ...figures,
              refusals: 3,
              kept: 0,
              broken: 2,
              isWaiting: true,
              median: { toldMs: 1000, waitedMs: 150 },
              worst: { toldMs: 1000, waitedMs: 150 },
            },
          ],
        },
        {
          name: 'reader',
          ...client,
          accessKeyId: 'reader-key',
          userName: 'reader',
          verdict: 'polite',
          refusals: 1,
          kept: 1,
          broken: 0,
          operations: [{ ...figures, refusals: 1, kept: 1, broken: 0, isWaiting: false, median: kept, worst: kept }],
        },
      ],
      since: startAt,
      forgotten: 0,
      terms: expect.objectContaining({ earlyToleranceMs: 5, onTheirWayMs: 100 }) as unknown,
    })
  })

  it('a reset forgets the clients and is told to who watches the limits', async () => {
    const { ask, call, clock, limitWatch } = await stage()
    await results(3, call)
    clock.advance(5000)
    limitWatch.reset()
    const { body } = await ask('GET', '/politeness')
    expect(body).toMatchObject({ rude: [], clients: [], since: startAt + 5000, forgotten: 0 })
    expect(limitWatch.events.following(1, 9)).toEqual([
      {
        seq: 2,
        at: startAt + 5000,
        type: 'changed',
        message: 'a reset has put every limit back and has forgotten all calls',
      },
    ])
  })
})
