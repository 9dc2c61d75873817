import type { PacedCallsOrder } from '../generators/paced-calls.ts'
import { percentileChart, timelineChart } from '../lib/charts.ts'
import { startChild, type Child } from '../lib/child.ts'
import { decisionsSeen } from '../lib/decisions.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { judge } from '../lib/exactness.ts'
import { bytesOf } from '../lib/http-lanes.ts'
import { answeredPerSecond, emptyWindow, latenciesFromDue, limit } from '../lib/offer.ts'
import { openLoop, type OpenLoopResult } from '../lib/open-loop.ts'
import { steady } from '../lib/pace.ts'
import { generatorCore } from '../lib/processor.ts'
import { less, number, type Cell, type Measure } from '../lib/report.ts'
import { generatorVerdict, sharedCoreNotes } from '../lib/saturation.ts'
import { callSigner } from '../lib/signed-calls.ts'
import type { Bench } from '../lib/scenario.ts'
import type { Fleet } from '../lib/tenants.ts'

/** Both accounts shall meet the limit several times. */
const leastSeconds = 3
const [loudPerSecond, quietPerSecond] = [5_000, 100]

/** Calls of a fleet, each on a device of its own, signed ahead. */
function requestsOf({ endpoints, devices }: Fleet, from: number, count: number): Buffer[] {
  const signer = callSigner(endpoints)
  return Array.from({ length: count }, (_, at) =>
    bytesOf(signer.setStatus('inactive', devices[(from + at) % devices.length]!)),
  )
}

interface Neighbors {
  alone: OpenLoopResult
  loud: OpenLoopResult
  quiet: OpenLoopResult
}

/** The quiet account calls from a process of its own, so that it does not wait for the calls of the other. */
async function offerBoth(
  emulator: RunningEmulator,
  [loud, quiet]: readonly [Fleet, Fleet],
  seconds: number,
  child: Child,
): Promise<Neighbors> {
  const target = { origin: emulator.endpoints.api, pid: emulator.pid }
  const count = Math.ceil(quietPerSecond * seconds)
  const order = (from: number): PacedCallsOrder => {
    return { ...target, moments: steady(quietPerSecond, count), requests: requestsOf(quiet, from, count) }
  }
  const alone = await child.ask<OpenLoopResult>(order(0))
  const moments = steady(loudPerSecond, Math.ceil(loudPerSecond * seconds))
  const requests = requestsOf(loud, 0, moments.length)
  await emptyWindow()
  const [quietly, loudly] = await Promise.all([
    child.ask<OpenLoopResult>(order(count)),
    openLoop(target, { moments, next: (index) => requests[index]! }),
  ])
  return { alone, quiet: quietly, loud: loudly }
}

const columns = [
  'account',
  'offered/s',
  'calls',
  'accepted',
  'refused',
  less('wrongly refused'),
  'most in 1 s',
  less('p50 ms'),
  less('p99 ms'),
  less('max ms'),
  'generator late p99 ms',
]

const acceptedOf = ({ calls }: OpenLoopResult) => calls.filter(({ status }) => status === 200)
const latenciesIn = (result: OpenLoopResult) => latenciesFromDue(acceptedOf(result))

function rowOf(account: string, perSecond: number, result: OpenLoopResult): Cell[] {
  const accepted = acceptedOf(result)
  const { wronglyRefused, mostInOneSecond } = judge(decisionsSeen(result.calls), limit)
  const { p50, p99, max } = latenciesFromDue(accepted)
  const refused = result.calls.length - accepted.length
  const counts = [perSecond, result.calls.length, accepted.length, refused, wronglyRefused, mostInOneSecond]
  return [account, ...counts, p50, p99, max, result.late.p99]
}

function measureOf({ alone, loud, quiet }: Neighbors): Measure {
  const lost = quiet.calls.length - acceptedOf(quiet).length
  const { mostInOneSecond } = judge(decisionsSeen(loud.calls), limit)
  const rows = { 'quiet, alone': alone, 'quiet, beside the loud one': quiet, loud }
  return {
    id: 'P12',
    what: `an account that calls ${quietPerSecond} times a second beside one that calls ${number(loudPerSecond)} times`,
    table: {
      columns,
      rows: Object.entries(rows).map(([name, one]) => rowOf(name, one === loud ? loudPerSecond : quietPerSecond, one)),
    },
    figures: Object.entries(rows).map(([account, { calls, ...rest }]) => ({ account, calls: calls.length, ...rest })),
    goals: [
      { goal: `the quiet account loses nothing (${lost})`, reached: lost === 0 },
      {
        goal: `the loud one never has more than ${limit} in any second (${mostInOneSecond})`,
        reached: mostInOneSecond <= limit,
      },
    ],
    notes: [
      ...Object.entries(rows).flatMap(([name, one]) => {
        const paced = { ...one, latencies: latenciesIn(one) }
        return [generatorVerdict(name, paced), ...sharedCoreNotes(name, paced)]
      }),
      `of the loud account ${number(answeredPerSecond(loud.calls))} calls a second were answered`,
    ],
    charts: [
      percentileChart(
        'latency of accepted calls',
        Object.entries(rows).map(([name, one]) => [name, [latenciesIn(one)]] as const),
      ),
      timelineChart(
        'the loud account',
        loud.calls.map(({ answeredAt, status }) => ({ at: answeredAt, admitted: status === 200 })),
        limit,
      ),
    ],
  }
}

/** One account above the limit must cost another nothing but time. */
export async function neighborsMeasure({ options, withFleets }: Bench): Promise<Measure> {
  const seconds = options.smoke ? options.seconds : Math.max(options.seconds, leastSeconds)
  const wanted = { accounts: 2, devices: Math.ceil(loudPerSecond * seconds), randomSeed: options.seed }
  return withFleets(wanted, async (emulator, [loud, quiet]) => {
    const child = startChild(new URL('../generators/paced-calls.ts', import.meta.url), generatorCore)
    try {
      return measureOf(await offerBoth(emulator, [loud!, quiet!], seconds, child)) // two were asked for
    } finally {
      await child.stop()
    }
  })
}
