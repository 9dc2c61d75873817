import { manualClock, systemRandom, type LogEntry } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { describe, expect, it } from 'vitest'
import { createAssumptionLedger } from '../assumption-ledger.ts'
import { openHeldCas } from '../held-cas.ts'
import { LifecycleBook } from '../lifecycle/lifecycle-book.ts'
import { LimitWatch } from '../limits/limit-watch.ts'
import { LogStreams } from '../log-streams.ts'
import { Metrics } from '../metrics/metrics.ts'
import { createReadiness, startSteps } from '../readiness.ts'
import { createRecorder } from '../recorder.ts'
import { createManagementApp, NotReadyError } from './app.ts'
import type { CertificateParts } from './certificates.ts'

function appWith({ token = '', started = true } = {}) {
  const clock = manualClock()
  const logged: LogEntry[] = []
  const recorder = createRecorder(clock, (entry) => logged.push(entry))
  const readiness = createReadiness()
  const store = createMemoryStore()
  const noKeys = {
    certificateFile: String,
    load: async () => undefined,
    save: async () => {},
    remove: async () => {},
    names: async () => [],
  }
  const deps = { clock, random: systemRandom }
  const parts: CertificateParts = {
    ...deps,
    store,
    cas: openHeldCas(noKeys, deps),
    defaultInstance: () => '',
    lifecycles: new LifecycleBook(store, recorder, clock),
    registrar: async () => ({ endpoint: '', accessKeyId: '', accessKeySecret: '', instanceId: '' }),
  }
  const resets: unknown[] = []
  const ledger = createAssumptionLedger()
  const streams = new LogStreams(recorder, clock)
  const limitWatch = new LimitWatch(recorder, clock)
  const app = createManagementApp({
    readiness,
    recorder,
    ledger,
    streams,
    limitWatch,
    limitStreams: new LogStreams(limitWatch.events, clock),
    metrics: new Metrics({ recorder, ledger, streams, clock }),
    log: recorder,
    token,
    hosts: ['localhost', '127.0.0.1'],
    parts: () => {
      if (!started) throw new NotReadyError('the emulator is starting; pending: store')
      return parts
    },
    reset: async (request) => void resets.push(request),
    conformance: () => ({ entries: [], capacity: 1000, uncounted: 0 }),
    throttle: () => {
      throw new NotReadyError('the emulator is starting; pending: api')
    },
  })
  return { app, readiness, store, logged, resets }
}

const local = { host: 'localhost:8481' }

describe('management port', () => {
  it('A4: lists each pending step with 503 until the last is done', async () => {
    const { app, readiness } = appWith()
    for (const [at, step] of startSteps.entries()) {
      const answer = await app.inject({ url: '/ready', headers: local })
      expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, pending: startSteps.slice(at) }])
      readiness.done(step)
    }
    const answer = await app.inject({ url: '/ready', headers: local })
    expect([answer.statusCode, answer.json()]).toEqual([200, { ready: true, pending: [] }])
  })

  it('answers 503 to what needs a finished start', async () => {
    const { app } = appWith({ started: false })
    const answer = await app.inject({ url: '/sessions', headers: local })
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { error: 'NotReadyError', message: 'the emulator is starting; pending: store' },
    ])
  })

  it('refuses a Host that was rebound to the loopback, and says so in the log', async () => {
    const { app, logged } = appWith()
    const answer = await app.inject({ url: '/log', headers: { host: 'evil.example:8481' } })
    expect([answer.statusCode, answer.json().error]).toEqual([403, 'host-not-allowed'])
    expect(logged.map(({ plane, kind, cause }) => [plane, kind, cause])).toEqual([
      ['management', 'refuse', 'host-not-allowed'],
    ])
  })

  it('H1: refuses a write that a page of another site sends', async () => {
    const { app, resets } = appWith()
    const foreign = { ...local, origin: 'https://evil.example' }
    const own = { ...local, origin: 'http://localhost:8481' }
    expect((await app.inject({ method: 'POST', url: '/reset', headers: foreign })).statusCode).toBe(403)
    expect(
      (await app.inject({ method: 'POST', url: '/reset', headers: { ...local, origin: 'null' } })).statusCode,
    ).toBe(403)
    expect((await app.inject({ method: 'POST', url: '/reset', headers: own })).statusCode).toBe(200)
    expect(resets).toEqual([{ to: 'seed', trust: 'keep' }])
  })

  it('asks for the token, where there is one, of everything but health and readiness', async () => {
    const { app } = appWith({ token: 'hush' })
    const status = async (url: string, authorization?: string) =>
      (await app.inject({ url, headers: { host: 'mq.internal', ...(authorization ? { authorization } : {}) } }))
        .statusCode
    expect(await status('/log')).toBe(401)
    expect(await status('/log', 'Bearer hush!')).toBe(401)
    expect(await status('/log', 'Bearer hush')).toBe(200)
    expect(await status('/health')).toBe(200)
    expect(await status('/ready')).toBe(503)
  })

  it.each([
    ['GET', '/nowhere', 404, 'unknown-path'],
    ['GET', '/explain', 400, 'FST_ERR_VALIDATION'],
    ['GET', '/explain?clientId=a&sn=b', 400, 'FST_ERR_VALIDATION'],
    ['GET', '/log?after=x', 400, 'FST_ERR_VALIDATION'],
    ['GET', '/log?limit=0', 400, 'FST_ERR_VALIDATION'],
    ['DELETE', '/sessions/%', 400, 'FST_ERR_BAD_URL'],
    ['POST', '/reset?to=nothing', 400, 'FST_ERR_VALIDATION'],
    ['DELETE', '/sessions/none', 404, 'unknown-session'],
    ['GET', '/limits?limit=0', 400, 'FST_ERR_VALIDATION'],
    ['GET', '/limits', 503, 'NotReadyError'],
    ['PUT', '/limits', 400, 'LimitChangeError'],
    ['POST', '/cas/0a/register', 400, 'IssuingError'],
  ] as const)('%s %s is answered %i %s', async (method, url, status, error) => {
    const { app } = appWith()
    const answer = await app.inject({ method, url, headers: local })
    expect([answer.statusCode, answer.json().error]).toEqual([status, error])
  })
})
