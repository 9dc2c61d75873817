import type { IssuedDevice, SignedRequest } from '@apsaramq/testkit'
import { percentileChart } from '../lib/charts.ts'
import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf, startNaiveBroker, type NaiveBroker } from '../lib/field.ts'
import { openLanes, sendOne, type Lanes } from '../lib/http-lanes.ts'
import { openSession, openSessions, type Broker, type LiveSession } from '../lib/mqtt-session.ts'
import type { BenchOptions } from '../lib/options.ts'
import { until } from '../lib/pace.ts'
import { busy, less, number, type Cell, type Measure } from '../lib/report.ts'
import { meterOf, type Usage } from '../lib/processor.ts'
import { shuffled } from '../lib/shuffle.ts'
import { callSigner } from '../lib/signed-calls.ts'
import { latenciesOf, spreadOf, type Latencies } from '../lib/statistics.ts'
import { inTurns, type Results } from '../lib/turns.ts'

/** One revocation, as its caller and its device saw it: both clocks are one process's. */
interface Revocation {
  /** From the request to its answer, milliseconds. */
  call: number
  /** From the answer to the close; negative where the close was seen first. */
  answerToClose: number
}

/** A broker with live sessions, and the ways to end and to restore one. */
interface Revoker {
  /** Origin of its API. */
  api: string
  sessions: Map<string, LiveSession>
  broker: Broker
  revoke(device: IssuedDevice): SignedRequest
  restore(device: IssuedDevice): SignedRequest
}

async function revokeOne(revoker: Revoker, lanes: Lanes, device: IssuedDevice): Promise<Revocation> {
  const request = revoker.revoke(device)
  const session = revoker.sessions.get(device.clientId)!
  const sentAt = performance.now()
  const answer = await sendOne(lanes, request)
  if (answer.status !== 200) throw new Error(`a revocation was answered ${answer.status}: ${answer.body}`)
  return { call: answer.answeredAt - sentAt, answerToClose: (await session.closed) - answer.answeredAt }
}

async function bringBack({ restore, sessions, broker }: Revoker, lanes: Lanes, device: IssuedDevice): Promise<void> {
  const { status, body } = await sendOne(lanes, restore(device))
  if (status !== 200) throw new Error(`a reactivation was answered ${status}: ${body}`)
  sessions.set(device.clientId, await openSession(broker, device, 'TLSv1.3'))
}

interface Turn {
  revocations: Revocation[]
  server: Usage | undefined
}

/** Some milliseconds apart, so that each finds a quiet broker. */
async function takeTurn(revoker: Revoker, devices: readonly IssuedDevice[], pid: number): Promise<Turn> {
  const revocations: Revocation[] = []
  const lanes = await openLanes(revoker.api, 2)
  const meter = meterOf(pid)
  for (const device of devices) {
    revocations.push(await revokeOne(revoker, lanes, device))
    await bringBack(revoker, lanes, device)
    await until(performance.now() + 5)
  }
  lanes.close()
  return { revocations, server: meter() }
}

async function emulatorRevoker(emulator: RunningEmulator, devices: readonly IssuedDevice[]): Promise<Revoker> {
  const signer = callSigner(emulator.endpoints)
  const broker = brokerOf(emulator)
  const sessions = new Map((await openSessions(broker, devices)).map((session) => [session.clientId, session]))
  return {
    broker,
    sessions,
    api: emulator.endpoints.api,
    revoke: (device) => signer.setStatus('inactive', device),
    restore: (device) => signer.setStatus('active', device),
  }
}

function plainCall(path: string, origin: string): SignedRequest {
  return { method: 'POST', path, headers: { host: new URL(origin).host, 'content-length': '0' }, body: '' }
}

async function naiveRevoker({ broker, http }: NaiveBroker, devices: readonly IssuedDevice[]): Promise<Revoker> {
  const sessions = new Map((await openSessions(broker, devices)).map((session) => [session.clientId, session]))
  const call = (path: string, { clientId }: IssuedDevice) =>
    plainCall(`${path}?clientId=${encodeURIComponent(clientId)}`, http)
  return {
    broker,
    sessions,
    api: http,
    revoke: (device) => call('/revoke', device),
    restore: (device) => call('/restore', device),
  }
}

function endAll({ sessions }: Revoker): void {
  for (const session of sessions.values()) session.end()
}

/** How often the emulator's own log has the end of the session before the answer of the call that caused it. */
async function endedBeforeAnswer({ management }: RunningEmulator, devices: readonly IssuedDevice[]) {
  let [ended, seen] = [0, 0]
  for (const { deviceSn } of devices) {
    const told = await management.request('GET', `/log?sn=${deviceSn}`)
    const { entries } = told as { entries: { seq: number; kind: string; action?: string }[] }
    const drop = entries.findLast(({ kind }) => kind === 'drop')
    const call = entries.findLast(({ kind, action }) => kind === 'call' && action === 'InactivateDeviceCertificate')
    if (!drop || !call) continue // pushed out of the log by newer entries
    seen += 1
    if (drop.seq < call.seq) ended += 1
  }
  return { ended, seen }
}

const names = { naive: 'naive aedes', emulator: 'emulator' }

function closesOf(turns: readonly Turn[]): Latencies {
  return latenciesOf(turns.flatMap(({ revocations }) => revocations.map(({ answerToClose }) => answerToClose)))
}

function rowOf(results: Results<Turn>, name: string): Cell[] {
  const turns = results[name]!
  const all = turns.flatMap(({ revocations }) => revocations)
  const calls = latenciesOf(all.map(({ call }) => call))
  const closes = closesOf(turns)
  const p50s = turns.map((turn) => closesOf([turn]).p50)
  const first = all.filter(({ answerToClose }) => answerToClose <= 0).length
  const usage = busy(turns.map(({ server }) => server))
  return [name, all.length, calls.p50, calls.p99, spreadOf(p50s), closes.p99, closes.max, first, usage]
}

const columns = [
  'broker',
  'revocations',
  less('call p50 ms'),
  less('call p99 ms'),
  less('answer → close p50 ms'),
  less('p99 ms'),
  less('max ms'),
  'close seen first',
  'server busy',
]

/** P5: one device among many live ones is inactivated; how long after the answer does it see its socket close? */
export async function revokeOneMeasure(emulator: RunningEmulator, options: BenchOptions): Promise<Measure> {
  const devices = await issueDevices(emulator.management, { set: 'live', count: options.sessions })
  const naive = await startNaiveBroker(devices[0]!)
  const revokers = {
    [names.naive]: await naiveRevoker(naive, devices),
    [names.emulator]: await emulatorRevoker(emulator, devices),
  }
  const pids = { [names.naive]: naive.pid, [names.emulator]: emulator.pid }
  const each = Math.min(options.smoke ? 3 : 100, devices.length)
  let round = 0
  const contestants = Object.entries(revokers).map(([name, revoker]) => ({
    name,
    turn: () => takeTurn(revoker, shuffled(devices, options.seed + (round += 1)).slice(0, each), pids[name]!),
  }))
  const results = await inTurns(options.rounds, contestants)
  const order = await endedBeforeAnswer(emulator, devices)
  for (const revoker of Object.values(revokers)) endAll(revoker)
  await naive.stop()
  const closes = closesOf(results[names.emulator]!)
  const p99 = devices.length > 1_000 ? 10 : 5
  return {
    id: 'P5',
    what: `one device inactivated among ${devices.length} live sessions (TLS 1.3, EC): HTTP answer → the client sees the close`,
    table: { columns, rows: Object.values(names).map((name) => rowOf(results, name)) },
    figures: { sessions: devices.length, results, order },
    goals: [
      { goal: `close seen at most 1 ms after the answer, p50 (${number(closes.p50)})`, reached: closes.p50 <= 1 },
      { goal: `p99 at most ${p99} ms (${number(closes.p99)})`, reached: closes.p99 <= p99 },
      {
        goal: `the session is ended before the call is answered, by the emulator's log (${order.ended} of ${order.seen})`,
        reached: order.seen === 0 ? null : order.ended === order.seen,
      },
    ],
    charts: [
      percentileChart(
        'the call',
        Object.entries(results).map(([name, turns]) => {
          const calls = turns.map(({ revocations }) => latenciesOf(revocations.map(({ call }) => call)))
          return [name, calls] as const
        }),
      ),
    ],
    notes: [
      'one process reads the answer and the close: which it sees first is also a matter of the order in which it is given its sockets',
    ],
  }
}
