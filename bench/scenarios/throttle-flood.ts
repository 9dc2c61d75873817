import { percentileChart, timelineChart, type Chart } from '../lib/charts.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { figuresOf, limit, offer, type Offer } from '../lib/offer.ts'
import type { BenchOptions } from '../lib/options.ts'
import { steady } from '../lib/pace.ts'
import { busy, less, more, number, type Cell, type Goal, type Measure } from '../lib/report.ts'
import { generatorVerdict, isGenerators, sharedCoreNotes } from '../lib/saturation.ts'
import type { DevicePool } from '../lib/signed-calls.ts'
import { spreadOf } from '../lib/statistics.ts'

/** As many calls as the log keeps, so that each of them can be judged by it. */
const mostCalls = 10_000
const rates = [2_000, 5_000]

/** The rounds of one rate. */
export interface Flood {
  perSecond: number
  rounds: Offer[]
}

/** Offers more than the limit; each call of a round is on a device of its own that is still active. */
export async function offerFlood(
  emulator: RunningEmulator,
  pool: DevicePool,
  perSecond: number,
  seconds: number,
): Promise<Offer> {
  const count = Math.min(mostCalls, Math.ceil(perSecond * seconds))
  const devices = pool.take(count)
  const found = await offer({ emulator }, steady(perSecond, count), 'inactive', devices)
  pool.spend(new Set(found.accepted.map(({ index }) => devices[index]!)))
  return found
}

/** All rates, several times. */
export async function offerFloods(
  emulator: RunningEmulator,
  pool: DevicePool,
  { seconds, rounds, smoke }: BenchOptions,
): Promise<Flood[]> {
  const floods: Flood[] = rates.map((perSecond) => ({ perSecond, rounds: [] }))
  for (let round = 0; round < (smoke ? 1 : Math.min(rounds, 3)); round += 1) {
    // 5 s at 2,000/s and 2 s at 5,000/s are as many calls as can be judged
    for (const flood of floods)
      flood.rounds.push(await offerFlood(emulator, pool, flood.perSecond, smoke ? seconds : 5))
  }
  return floods
}

const columns = [
  'offered/s',
  'calls',
  'answered/s',
  'accepted',
  'allowed',
  more('accepted of allowed'),
  less('wrongly refused'),
  'most in 1 s, by the log',
  'most in 1 s, seen',
  less('p50 ms'),
  less('p99 ms'),
  less('max ms'),
  'server busy',
  'generator busy',
  'generator late p99 ms',
]

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const wrongIn = (rounds: readonly Offer[]) =>
  sum(rounds.map(({ seen, logged }) => seen.wronglyRefused + logged.wronglyRefused))
const shareOf = ({ logged }: Offer) => logged.admitted / logged.allowed

function rowOf({ perSecond, rounds }: Flood): Cell[] {
  const over = (of: (round: Offer) => number) => spreadOf(rounds.map(of))
  return [
    perSecond,
    sum(rounds.map(({ calls }) => calls.length)),
    over((round) => round.answeredPerSecond),
    over(({ logged }) => logged.admitted),
    over(({ logged }) => logged.allowed),
    over(shareOf),
    wrongIn(rounds),
    Math.max(...rounds.map(({ logged }) => logged.mostInOneSecond)),
    Math.max(...rounds.map(({ seen }) => seen.mostInOneSecond)),
    over(({ latencies }) => latencies.p50),
    over(({ latencies }) => latencies.p99),
    over(({ latencies }) => latencies.max),
    busy(rounds.map(({ server }) => server)),
    busy(rounds.map(({ generator }) => generator)),
    over(({ late }) => late.p99),
  ]
}

/** @param calm p99 of accepted calls at the limit, milliseconds */
function goalsOf({ perSecond, rounds }: Flood, calm: number): Goal[] {
  const most = Math.max(...rounds.flatMap(({ seen, logged }) => [seen.mostInOneSecond, logged.mostInOneSecond]))
  const share = spreadOf(rounds.map(shareOf)).median
  const wrong = wrongIn(rounds)
  const tail = spreadOf(rounds.map(({ latencies }) => latencies.p99)).median / calm
  const cannotTell = rounds.some(isGenerators) || rounds.some((round) => round.answeredPerSecond < 0.95 * perSecond)
  const name = `${number(perSecond)}/s`
  return [
    { goal: `${name}: never more than ${limit} in any second (${most})`, reached: most <= limit },
    { goal: `${name}: at least 99 % of what is allowed (${number(share * 100)} %)`, reached: share >= 0.99 },
    { goal: `${name}: none refused while the window had room (${wrong})`, reached: wrong === 0 },
    {
      goal: `${name}: p99 of accepted calls at most twice P2's (${number(tail)} times)`,
      reached: tail <= 2 || (cannotTell ? null : false),
    },
  ]
}

function notesOf({ perSecond, rounds }: Flood): string[] {
  const name = `${number(perSecond)}/s`
  const { median } = spreadOf(rounds.map((round) => round.answeredPerSecond))
  const worst = rounds.toSorted((a, b) => b.late.p99 - a.late.p99)[0]!
  const other = sum(rounds.map((round) => round.other))
  return [
    generatorVerdict(name, worst),
    ...sharedCoreNotes(name, worst),
    ...(median < 0.95 * perSecond
      ? [`${name}: ${number(median)}/s were answered: calls waited for the machine, not for the limit`]
      : []),
    ...(other > 0 ? [`${name}: ${other} calls were answered neither by success nor by the limit's refusal`] : []),
  ]
}

function chartsOf(floods: readonly Flood[]): Chart[] {
  const curves = floods.map(({ perSecond, rounds }) => {
    return [`${number(perSecond)}/s`, rounds.map(({ latencies }) => latencies)] as const
  })
  return [
    percentileChart('latency of accepted calls', curves),
    ...floods.map(({ perSecond, rounds }) =>
      timelineChart(`${number(perSecond)}/s offered, the last round`, rounds.at(-1)!.moments, limit),
    ),
  ]
}

/** P3: what the limit makes of more than it lets through. */
export function floodMeasure(floods: readonly Flood[], calm: number): Measure {
  return {
    id: 'P3',
    what: 'more than the limit lets through',
    table: { columns, rows: floods.map(rowOf) },
    figures: floods.map(({ perSecond, rounds }) => ({ perSecond, rounds: rounds.map(figuresOf) })),
    goals: floods.flatMap((flood) => goalsOf(flood, calm)),
    notes: [
      ...floods.flatMap(notesOf),
      "allowed: what an exact sliding window admits of calls at the moments they arrived, by the emulator's log",
      'most in 1 s: only calls count that lie whole in the second, from arrival to log entry (by the log) or from sending to answer (seen)',
    ],
    charts: chartsOf(floods),
  }
}
