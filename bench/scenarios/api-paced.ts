import type { SignedRequest } from '@apsaramq/testkit'
import { withEmulatorOn, type RunningEmulator } from '../lib/emulator.ts'
import { allowedOf, limit } from '../lib/limit.ts'
import { openLoop, type CallSource, type OpenLoopResult, type PacedCall } from '../lib/open-loop.ts'
import { until } from '../lib/pace.ts'
import { answeredInOneSecond, provedInOneSecond } from '../lib/one-second-windows.ts'
import { busy, number, type Measure } from '../lib/report.ts'
import { shareOf, type Scenario } from '../lib/scenario.ts'
import { callSigner, inactivations, statusFlips } from '../lib/signed-calls.ts'
import { latenciesOf, type Latencies } from '../lib/statistics.ts'

interface Offered extends OpenLoopResult {
  perSecond: number
  accepted: PacedCall[]
  refused: PacedCall[]
  /** From the moment a call was due, so that a late generator hides nothing. */
  latencies: Latencies
  allowed: number
}

/** Offers calls at a rate, the window of the limit being empty. */
async function offer(emulator: RunningEmulator, perSecond: number, source: CallSource): Promise<Offered> {
  await until(performance.now() + 1_100) // what was offered before has left the window
  const result = await openLoop({ origin: emulator.endpoints.api, pid: emulator.pid }, perSecond, source)
  const accepted = result.calls.filter(({ status }) => status === 200)
  const refused = result.calls.filter(({ status }) => status !== 200)
  const latencies = latenciesOf(accepted.map(({ dueAt, answeredAt }) => answeredAt - dueAt))
  return { ...result, perSecond, accepted, refused, latencies, allowed: allowedOf(result.calls, perSecond) }
}

/** Calls of one turn, made ahead. */
function ahead(count: number, make: () => SignedRequest): CallSource {
  const requests = Array.from({ length: count }, make)
  return { count, next: (index) => requests[index]! }
}

const columns = [
  'offered/s',
  'calls',
  'accepted',
  'allowed',
  'p50 ms',
  'p99 ms',
  'max ms',
  'server busy',
  'generator busy',
  'generator late p99 ms',
]

function rowOf({
  perSecond,
  calls,
  accepted,
  allowed,
  latencies,
  late,
  server,
  generator,
}: Offered): (string | number)[] {
  const { p50, p99, max } = latencies
  return [perSecond, calls.length, accepted.length, allowed, p50, p99, max, busy([server]), busy([generator]), late.p99]
}

/** The figures without the single calls. */
function figuresOf({ calls, accepted, refused, ...rest }: Offered) {
  return { ...rest, calls: calls.length, accepted: accepted.length, refused: refused.length, ...windowsOf(accepted) }
}

function windowsOf(accepted: readonly PacedCall[]) {
  return { proved: provedInOneSecond(accepted), answered: answeredInOneSecond(accepted) }
}

function latencyMeasure(steady: Offered, all: number): Measure {
  const { p50, p99, max } = steady.latencies
  return {
    id: 'P2',
    what: `latency at a steady ${limit} calls a second, ${number(all)} devices in a durable store`,
    table: { columns, rows: [rowOf(steady)] },
    figures: figuresOf(steady),
    goals: [
      { goal: `p50 at most 2 ms (${number(p50)})`, reached: p50 <= 2 },
      { goal: `p99 at most 5 ms (${number(p99)})`, reached: p99 <= 5 },
      { goal: `max at most 50 ms (${number(max)})`, reached: max <= 50 },
    ],
    // the generator looks at the clock all the time, so that it is busy by design: lateness is what tells
    notes: [
      'latency counts from the moment a call was due; an offer that just touches the limit loses some calls to it',
    ],
  }
}

function throttleMeasure(steady: Offered, floods: Offered[]): Measure {
  const rows = floods.map((flood) => {
    const { proved, answered } = windowsOf(flood.accepted)
    return [...rowOf(flood), proved, answered]
  })
  return {
    id: 'P3',
    what: 'the limit under a flood',
    table: { columns: [...columns, 'most in 1 s, proved', 'most answers in 1 s'], rows },
    figures: floods.map(figuresOf),
    goals: floods.flatMap((flood) => {
      const { proved } = windowsOf(flood.accepted)
      const share = flood.accepted.length / flood.allowed
      const tail = flood.latencies.p99 / steady.latencies.p99
      return [
        { goal: `${flood.perSecond}/s: never more than ${limit} in any second (${proved})`, reached: proved <= limit },
        {
          goal: `${flood.perSecond}/s: at least 99 % of what is allowed (${number(share * 100)} %)`,
          reached: share >= 0.99,
        },
        {
          goal: `${flood.perSecond}/s: p99 of accepted calls at most twice P2's (${number(tail)} times)`,
          reached: tail <= 2,
        },
      ]
    }),
    notes: [
      'proved: calls sent and answered within one second, so that no delay on the way can make them look crowded',
    ],
  }
}

/** P2 and P3: calls at their moments, whether or not the emulator keeps up. */
export const apiPaced: Scenario = {
  name: 'latency',
  async *run({ options: { seconds, smoke }, populated }) {
    const place = await populated()
    const { steady, floods } = await withEmulatorOn(place.dataDir, [], async (emulator) => {
      const signer = callSigner(emulator.endpoints)
      const flips = statusFlips(shareOf(place, 'latency'))
      const calls = (length: number) => ahead(Math.ceil(limit * length), () => flips(signer))
      await offer(emulator, limit, calls(seconds / 3)) // warm-up
      const calm = await offer(emulator, limit, calls(seconds * (smoke ? 1 : 10)))
      const wild: Offered[] = []
      const attack = inactivations(shareOf(place, 'throttle'), signer)
      for (const perSecond of [2_000, 5_000]) {
        wild.push(await offer(emulator, perSecond, { count: Math.ceil(perSecond * seconds), ...attack }))
      }
      return { steady: calm, floods: wild }
    })
    yield latencyMeasure(steady, place.devices.length)
    yield throttleMeasure(steady, floods)
  },
}
