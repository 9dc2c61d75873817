import type { PingsOrder, PingsResult } from '../generators/pings.ts'
import { startChild, type Child } from '../lib/child.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import { percentileChart, timelineChart } from '../lib/charts.ts'
import { decisionsSeen } from '../lib/decisions.ts'
import { judge } from '../lib/exactness.ts'
import { bytesOf } from '../lib/http-lanes.ts'
import { answeredPerSecond as answeredIn, emptyWindow, latenciesFromDue, limit } from '../lib/offer.ts'
import { openLoop, type OpenLoopResult, type PacedCall } from '../lib/open-loop.ts'
import { steady, until } from '../lib/pace.ts'
import { generatorCore } from '../lib/processor.ts'
import { busy, less, number, type Cell, type Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { callSigner } from '../lib/signed-calls.ts'
import { generatorVerdict, sharedCoreNotes } from '../lib/saturation.ts'
import type { Latencies } from '../lib/statistics.ts'
import type { Fleet } from '../lib/tenants.ts'

const accounts = 4
/** Calls a second that each account offers, twice what it may. */
const offered = 1_000
const pingsPerSecond = 100
/** Each account shall meet its limit several times. */
const leastSeconds = 4

/** What became of one account's calls. */
interface Share {
  account: string
  calls: PacedCall[]
  accepted: PacedCall[]
  seen: ReturnType<typeof judge>
  latencies: Latencies
  refused: number
  /** Answered neither 200 nor by the refusal of the limit. */
  other: number
}

interface Field {
  emulator: RunningEmulator
  fleets: readonly Fleet[]
  pinger: Child
}

interface Round {
  shares: Share[]
  result: OpenLoopResult
  pings: PingsResult
  /** Calls answered a second, of all accounts. */
  answeredPerSecond: number
}

/** The accounts take turns call by call; each call names a device of its own, so that each accepted one changes a record. */
function requestsOf(fleets: readonly Fleet[], from: number, count: number): Buffer[] {
  const signers = fleets.map(({ endpoints }) => callSigner(endpoints))
  return Array.from({ length: count }, (_, index) => {
    const at = index % fleets.length
    const { devices } = fleets[at]!
    const device = devices[(from + Math.floor(index / fleets.length)) % devices.length]!
    return bytesOf(signers[at]!.setStatus('inactive', device))
  })
}

function sharesOf(fleets: readonly Fleet[], calls: readonly PacedCall[]): Share[] {
  return fleets.map(({ tenant }, at) => {
    const own = calls.filter(({ index }) => index % fleets.length === at)
    const accepted = own.filter(({ status }) => status === 200)
    const refused = own.filter(({ status }) => status === 400).length
    return {
      account: tenant.accountId,
      calls: own,
      accepted,
      seen: judge(decisionsSeen(own), limit),
      latencies: latenciesFromDue(accepted),
      refused,
      other: own.length - accepted.length - refused,
    }
  })
}

/** Pings for as long as something else takes. */
async function pingDuring<T>(
  { emulator, fleets, pinger }: Field,
  body: () => Promise<T>,
): Promise<{ result: T; pings: PingsResult }> {
  const order = { broker: brokerOf(emulator), device: fleets[0]!.live, perSecond: pingsPerSecond }
  await pinger.ask(order satisfies PingsOrder)
  const result = await body()
  return { result, pings: await pinger.ask<PingsResult>('stop' satisfies PingsOrder) }
}

async function takeRound(field: Field, requests: readonly Buffer[]): Promise<Round> {
  const { emulator, fleets } = field
  const target = { origin: emulator.endpoints.api, pid: emulator.pid }
  const moments = steady(accounts * offered, requests.length)
  const { result, pings } = await pingDuring(field, () =>
    openLoop(target, { moments, next: (index) => requests[index]! }),
  )
  return { result, pings, shares: sharesOf(fleets, result.calls), answeredPerSecond: answeredIn(result.calls) }
}

const callColumns = [
  'account',
  'calls',
  'accepted',
  'allowed',
  'refused',
  less('wrongly refused'),
  less('other'),
  'most in 1 s',
  less('p50 ms'),
  less('p99 ms'),
]

function rowOf({ account, calls, accepted, seen, refused, other, latencies }: Share): Cell[] {
  const { wronglyRefused, mostInOneSecond, allowed } = seen
  const counts = [calls.length, accepted.length, allowed, refused, wronglyRefused, other, mostInOneSecond]
  return [account, ...counts, latencies.p50, latencies.p99]
}

function callGoals({ shares, answeredPerSecond }: Round): Measure['goals'] {
  const most = Math.max(...shares.map(({ seen }) => seen.mostInOneSecond))
  const wrong = shares.reduce((sum, { seen }) => sum + seen.wronglyRefused, 0)
  const least = Math.min(...shares.map(({ accepted, seen }) => accepted.length / seen.allowed))
  const isLimited = answeredPerSecond > accounts * limit // else the machine was the limit
  return [
    {
      goal: `no account has more than ${limit} in any second (${most})`,
      reached: most > limit ? false : isLimited || null,
    },
    {
      goal: `each account has at least 99 % of what it may (${number(least * 100)} %)`,
      reached: isLimited ? least >= 0.99 : null,
    },
    { goal: `none refused while its account's window had room (${wrong})`, reached: wrong === 0 },
  ]
}

function callsMeasure(round: Round): Measure {
  const { shares, result, answeredPerSecond } = round
  const total = accounts * offered
  const worst = shares.toSorted((a, b) => b.latencies.p99 - a.latencies.p99)[0]!
  const paced = { ...result, latencies: worst.latencies }
  return {
    id: 'P12',
    what: `${accounts} accounts offer ${number(offered)} calls a second each, while a live device sends PINGREQ`,
    table: { columns: callColumns, rows: shares.map(rowOf) },
    figures: {
      answeredPerSecond,
      late: result.late,
      server: result.server,
      generator: result.generator,
      shares: shares.map((share) => ({ ...share, calls: share.calls.length, accepted: share.accepted.length })),
    },
    goals: callGoals(round),
    notes: [
      generatorVerdict(`${number(total)}/s`, paced),
      ...sharedCoreNotes(`${number(total)}/s`, paced),
      `server ${busy([result.server])} busy; ${number(total)}/s were offered and ${number(answeredPerSecond)}/s answered`,
      'judged by what the client knows: a call was decided between its sending and its answer; allowed: had each been decided when it was sent',
    ],
    charts: [
      percentileChart(
        'latency of accepted calls',
        shares.map(({ account, latencies }) => [account, [latencies]] as const),
      ),
      ...shares.slice(0, 1).map(({ account, calls }) => timelineChart(`account ${account}`, momentsOf(calls), limit)),
    ],
  }
}

const momentsOf = (calls: readonly PacedCall[]) =>
  calls.map(({ answeredAt, status }) => ({ at: answeredAt, admitted: status === 200 }))

function pingRow(when: string, { sent, latencies, late }: PingsResult): Cell[] {
  const { count, p50, p99, max } = latencies
  return [when, sent, sent - count, p50, p99, max, late.p99]
}

function pingsMeasure(calm: PingsResult, { pings }: Round): Measure {
  const columns = [
    'pings',
    'sent',
    less('unanswered'),
    less('p50 ms'),
    less('p99 ms'),
    less('max ms'),
    'pinger late p99 ms',
  ]
  const { p99 } = pings.latencies
  return {
    id: 'P12',
    what: `PINGREQ → PINGRESP of a live device meanwhile`,
    table: { columns, rows: [pingRow('before', calm), pingRow('during the calls', pings)] },
    figures: { calm, pings },
    goals: [{ goal: `answered within 10 ms, p99 (${number(p99)})`, reached: p99 <= 10 }],
    charts: [
      percentileChart('PINGREQ → PINGRESP', [
        ['before', [calm.latencies]],
        ['during the calls', [pings.latencies]],
      ]),
    ],
    notes: ['the pinger is a process of its own on the core of the generator: it waits for that, too'],
  }
}

async function measure(emulator: RunningEmulator, fleets: Fleet[], seconds: number): Promise<Measure[]> {
  const each = Math.ceil(offered * seconds)
  const pinger = startChild(new URL('../generators/pings.ts', import.meta.url), generatorCore)
  try {
    const field = { emulator, fleets, pinger }
    const wait = (ms: number) => pingDuring(field, () => until(performance.now() + ms))
    await wait(seconds * 250) // warm-up
    const { pings: calm } = await wait(seconds * 1_000)
    // the last devices are warmed up with: that they are inactive already when their turn comes is a rare, cheaper call
    const warm = Math.ceil(each / 10)
    await takeRound(field, requestsOf(fleets, each - warm, accounts * warm))
    const requests = requestsOf(fleets, 0, accounts * each)
    await emptyWindow()
    const round = await takeRound(field, requests)
    return [callsMeasure(round), pingsMeasure(calm, round)]
  } finally {
    await pinger.stop()
  }
}

/** P12: an API under a flood of several accounts must not make devices wait. */
export const bothPlanes: Scenario = {
  about: 'P12: four accounts above the limit, and a live device that pings',
  async *run({ options, withFleets }) {
    const seconds = options.smoke ? options.seconds : Math.max(options.seconds, leastSeconds)
    const wanted = { accounts, devices: Math.ceil(offered * seconds), randomSeed: options.seed }
    yield* await withFleets(wanted, (emulator, fleets) => measure(emulator, fleets, seconds))
  },
}
