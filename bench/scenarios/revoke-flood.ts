import { percentileChart } from '../lib/charts.ts'
import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import { bytesOf } from '../lib/http-lanes.ts'
import { openSessions, type LiveSession } from '../lib/mqtt-session.ts'
import { openLoop, type OpenLoopResult } from '../lib/open-loop.ts'
import type { BenchOptions } from '../lib/options.ts'
import { steady, until } from '../lib/pace.ts'
import { busy, less, number, type Measure } from '../lib/report.ts'
import { generatorVerdict, sharedCoreNotes } from '../lib/saturation.ts'
import { shuffled } from '../lib/shuffle.ts'
import { callSigner } from '../lib/signed-calls.ts'
import { latenciesOf } from '../lib/statistics.ts'

const perSecond = 500
/** A session that is up so long after the last answer was missed. */
const patienceMs = 2_000

interface Flood extends OpenLoopResult {
  /** From each answer to the close of its device; negative where the close was seen first. */
  closes: number[]
  missed: number
}

async function flood(
  emulator: RunningEmulator,
  sessions: readonly LiveSession[],
  requests: readonly Buffer[],
): Promise<Flood> {
  const answeredAt = new Map<number, number>()
  const result = await openLoop(
    { origin: emulator.endpoints.api, pid: emulator.pid },
    {
      moments: steady(perSecond, requests.length),
      next: (index) => requests[index]!,
      answered(index, status) {
        if (status !== 200) throw new Error(`an inactivation was answered ${status}`)
        answeredAt.set(index, performance.now())
      },
    },
  )
  await Promise.race([Promise.all(sessions.map(({ closed }) => closed)), until(performance.now() + patienceMs)])
  const ended = [...sessions.entries()].filter(([, session]) => session.isClosed())
  const closes = await Promise.all(ended.map(async ([index, { closed }]) => (await closed) - answeredAt.get(index)!))
  return { ...result, closes, missed: sessions.length - ended.length }
}

/** P5: live devices are inactivated at the rate of the limit; none may be missed. */
export async function revokeFloodMeasure(emulator: RunningEmulator, options: BenchOptions): Promise<Measure> {
  const count = options.smoke ? options.sessions : Math.max(options.sessions, perSecond * 10)
  const devices = await issueDevices(emulator.management, { set: 'flood', count })
  const order = shuffled(devices, options.seed)
  const opened = await openSessions(brokerOf(emulator), order)
  const signer = callSigner(emulator.endpoints)
  const requests = order.map((device) => bytesOf(signer.setStatus('inactive', device)))
  const result = await flood(emulator, opened, requests)
  for (const session of opened) session.end()
  const closes = latenciesOf(result.closes)
  const calls = latenciesOf(result.calls.map(({ dueAt, answeredAt }) => answeredAt - dueAt))
  return {
    id: 'P5',
    what: `${perSecond} inactivations a second of ${devices.length} live devices`,
    table: {
      columns: [
        'live devices',
        less('call p50 ms'),
        less('call p99 ms'),
        less('answer → close p50 ms'),
        less('p99 ms'),
        less('max ms'),
        less('missed'),
        'server busy',
        'generator busy',
      ],
      rows: [
        [
          devices.length,
          calls.p50,
          calls.p99,
          closes.p50,
          closes.p99,
          closes.max,
          result.missed,
          busy([result.server]),
          busy([result.generator]),
        ],
      ],
    },
    figures: {
      sessions: devices.length,
      calls,
      closes,
      missed: result.missed,
      late: result.late,
      server: result.server,
    },
    goals: [
      { goal: `p99 at most 25 ms (${number(closes.p99)})`, reached: closes.p99 <= 25 },
      { goal: `none missed (${result.missed})`, reached: result.missed === 0 },
    ],
    notes: [
      `the flood lasts ${number(devices.length / perSecond)} s; its generator holds the sessions, too`,
      generatorVerdict(`${perSecond}/s`, { ...result, latencies: calls }),
      ...sharedCoreNotes(`${perSecond}/s`, { ...result, latencies: calls }),
    ],
    charts: [
      percentileChart('milliseconds', [
        ['call, from the moment it was due', [calls]],
        ['answer → close, where it came after', [latenciesOf(result.closes.filter((ms) => ms > 0))]],
      ]),
    ],
  }
}
