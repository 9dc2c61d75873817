import { manualClock, type LogEntryInput } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { createAssumptionLedger } from '../assumption-ledger.ts'
import { LogStreams } from '../log-streams.ts'
import { createRecorder } from '../recorder.ts'
import { Metrics } from './metrics.ts'

const sampleLine = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$/

/** The samples of the text format; each line must be one, or a HELP or TYPE of a name that follows. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const typed = new Set<string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.split('\n').filter(Boolean)) {
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line)
    if (type) typed.add(type[1]!)
    if (line.startsWith('#')) continue
    const [, name, labels = '', value] = sampleLine.exec(line) ?? []
    expect([line, name && [name, name.replace(/_(bucket|sum|count)$/, '')].some((one) => typed.has(one))]).toEqual([
      line,
      true,
    ])
    samples.set(labels ? `${name}{${labels}}` : name!, Number(value))
  }
  return samples
}

function stage() {
  const clock = manualClock()
  const recorder = createRecorder(clock, () => undefined)
  const ledger = createAssumptionLedger()
  const metrics = new Metrics({ recorder, ledger, streams: new LogStreams(recorder, clock), clock })
  const call = (more: Partial<LogEntryInput>) =>
    recorder.write({ plane: 'api', kind: 'call', message: '', action: 'GetRegisterCode', status: 200, ...more })
  return { metrics, recorder, ledger, call, samples: async () => parse(await metrics.text()) }
}

test('calls are counted by operation, code and class of status, refusals by cause, and their time is in buckets', async () => {
  const { call, samples } = stage()
  call({ durationMs: 0.3 })
  call({ durationMs: 30 })
  call({ status: 400, code: 'Throttling.User', cause: 'throttled' })
  const seen = await samples()
  expect(seen.get('apsaramq_api_calls_total{action="GetRegisterCode",code="OK",status="2xx"}')).toBe(2)
  expect(seen.get('apsaramq_api_calls_total{action="GetRegisterCode",code="Throttling.User",status="4xx"}')).toBe(1)
  expect(seen.get('apsaramq_api_refusals_total{cause="throttled"}')).toBe(1)
  expect(seen.get('apsaramq_api_throttled_total{action="GetRegisterCode"}')).toBe(1)
  expect(seen.get('apsaramq_api_call_duration_seconds_bucket{le="0.0005",action="GetRegisterCode"}')).toBe(1)
  expect(seen.get('apsaramq_api_call_duration_seconds_count{action="GetRegisterCode"}')).toBe(2)
})

test('an operation that does not exist makes no series of its own', async () => {
  const { call, samples } = stage()
  for (let at = 0; at < 100; at += 1) call({ action: `made-up-${at}`, status: 404, code: 'InvalidAction.NotFound' })
  const seen = await samples()
  expect([...seen.keys()].filter((name) => name.includes('made-up'))).toEqual([])
  expect(seen.get('apsaramq_api_calls_total{action="unknown",code="InvalidAction.NotFound",status="4xx"}')).toBe(100)
})

test('connections that were refused and sessions that were ended are counted by cause', async () => {
  const { recorder, samples } = stage()
  recorder.write({ plane: 'mqtt', kind: 'refuse', message: '', cause: 'device-inactive' })
  recorder.write({ plane: 'mqtt', kind: 'drop', message: '', cause: 'device-inactive' })
  recorder.write({ plane: 'management', kind: 'refuse', message: '', cause: 'token-wrong' })
  const seen = await samples()
  expect(seen.get('apsaramq_mqtt_refusals_total{cause="device-inactive"}')).toBe(1)
  expect(seen.get('apsaramq_mqtt_drops_total{cause="device-inactive"}')).toBe(1)
  expect(seen.get('apsaramq_mqtt_refusals_total{cause="token-wrong"}')).toBeUndefined()
})

test('the state is read when it is asked for, and what is gone is no series any more', async () => {
  const { metrics, ledger, samples } = stage()
  const store = createMemoryStore()
  const controlPlane = {
    figures: () => ({ nonces: 7, throttleWindows: 2 }),
    limits: () => ({ rules: [], usage: [], forgotten: [] }),
  }
  metrics.measure({ store, controlPlane })
  const session = { id: 's', instanceId: 'i', clientId: 'c', caId: null, deviceSn: null, protocol: 'mqtt3.1.1' }
  store.sessions.put({ ...session, transport: 'mqtts' } as Parameters<typeof store.sessions.put>[0])
  ledger.touch('A-01')
  await store.transact((tx) => tx.accounts.put({ id: '1', name: 'x' }))
  const name = 'apsaramq_mqtt_sessions{protocol="mqtt3.1.1",transport="mqtts"}'
  const seen = await samples()
  expect(seen.get(name)).toBe(1)
  expect(seen.get('apsaramq_nonces')).toBe(7)
  expect(seen.get('apsaramq_throttle_windows')).toBe(2)
  expect(seen.get('apsaramq_store_changes_total{collection="accounts"}')).toBe(1)
  expect(seen.get('apsaramq_assumptions_touched_total{id="A-01"}')).toBe(1)
  store.sessions.delete('s')
  expect((await samples()).has(name)).toBe(false)
})
