import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import { openSessions, type LiveSession } from '../lib/mqtt-session.ts'
import { openLoop, type OpenLoopResult } from '../lib/open-loop.ts'
import type { BenchOptions } from '../lib/options.ts'
import { until } from '../lib/pace.ts'
import { busy, number, type Measure } from '../lib/report.ts'
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
  requests: Parameters<typeof openLoop>[2],
): Promise<Flood> {
  const answeredAt = new Map<number, number>()
  const result = await openLoop({ origin: emulator.endpoints.api, pid: emulator.pid }, perSecond, {
    ...requests,
    answered(index, status) {
      if (status !== 200) throw new Error(`an inactivation was answered ${status}`)
      answeredAt.set(index, performance.now())
    },
  })
  await Promise.race([Promise.all(sessions.map(({ closed }) => closed)), until(performance.now() + patienceMs)])
  const ended = [...sessions.entries()].filter(([, session]) => session.isClosed())
  const closes = await Promise.all(ended.map(async ([index, { closed }]) => (await closed) - answeredAt.get(index)!))
  return { ...result, closes, missed: sessions.length - ended.length }
}

/** P5: live devices are inactivated at the rate of the limit; none may be missed. */
export async function revokeFloodMeasure(emulator: RunningEmulator, options: BenchOptions): Promise<Measure> {
  const devices = await issueDevices(emulator.management, { set: 'flood', count: options.sessions })
  const order = shuffled(devices, options.seed)
  const opened = await openSessions(brokerOf(emulator), order)
  const signer = callSigner(emulator.endpoints)
  const requests = order.map((device) => signer.setStatus('inactive', device))
  const result = await flood(emulator, opened, { count: requests.length, next: (index) => requests[index]! })
  for (const session of opened) session.end()
  const closes = latenciesOf(result.closes)
  const calls = latenciesOf(result.calls.map(({ dueAt, answeredAt }) => answeredAt - dueAt))
  return {
    id: 'P5',
    what: `${perSecond} inactivations a second of ${devices.length} live devices`,
    table: {
      columns: [
        'call p50 ms',
        'call p99 ms',
        'answer → close p50 ms',
        'p99 ms',
        'max ms',
        'missed',
        'server busy',
        'generator busy',
      ],
      rows: [
        [
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
    notes: [`the flood lasts ${number(devices.length / perSecond)} s: --sessions makes it longer`],
  }
}
