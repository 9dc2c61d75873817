import { readdir } from 'node:fs/promises'
import { percentileChart, timelineChart } from '../lib/charts.ts'
import type { DeviceName } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { figuresOf, latenciesFromDue, limit, offer, type Offer } from '../lib/offer.ts'
import type { PacedCall } from '../lib/open-loop.ts'
import { steady } from '../lib/pace.ts'
import { busy, less, more, number, type Goal, type Measure } from '../lib/report.ts'
import { generatorVerdict, isGenerators, sharedCoreNotes } from '../lib/saturation.ts'
import { spreadOf, type Latencies } from '../lib/statistics.ts'

/** Parts of the run whose latencies are the spread of the whole. */
const parts = 6

/** The number in the name of the store's journal, which grows with each compaction. */
async function generationOf(dataDir: string): Promise<number> {
  const names = await readdir(dataDir)
  return Math.max(...names.map((name) => Number(/^journal-(\d+)\.log$/.exec(name)?.[1] ?? 0)))
}

/** What was measured at the limit. */
export interface Steady extends Offer {
  /** How often the store was compacted meanwhile. */
  compactions: number
}

/** Offers exactly the limit: each call on a device of its own, as far as there are enough. */
export async function offerSteady(
  emulator: RunningEmulator,
  { seconds, dataDir }: { seconds: number; dataDir: string },
  devices: readonly DeviceName[],
): Promise<Steady> {
  const count = Math.ceil(limit * seconds)
  const warmUp = Math.ceil(count / 12)
  await offer({ emulator }, steady(limit, warmUp), 'inactive', devices.slice(-warmUp))
  const before = await generationOf(dataDir)
  const result = await offer({ emulator }, steady(limit, count), 'inactive', devices)
  return { ...result, compactions: (await generationOf(dataDir)) - before }
}

function partsOf(accepted: readonly PacedCall[]): Latencies[] {
  const each = Math.ceil(accepted.length / parts)
  const slices = Array.from({ length: parts }, (_, at) => accepted.slice(at * each, (at + 1) * each))
  return slices.filter((slice) => slice.length > 0).map(latenciesFromDue)
}

const columns = [
  'offered/s',
  'calls',
  'accepted',
  'refused',
  more('accepted of offered'),
  less('wrongly refused'),
  'most in 1 s',
  less('p50 ms'),
  less('p99 ms'),
  less('max ms'),
  'server busy',
  'generator busy',
  'generator late p99 ms',
]

function goalsOf(found: Steady): Goal[] {
  const wrong = found.seen.wronglyRefused + found.logged.wronglyRefused
  const most = Math.max(found.seen.mostInOneSecond, found.logged.mostInOneSecond)
  // a generator that was itself later than the goal cannot tell
  const within = (name: 'p50' | 'p99' | 'max', bound: number): Goal => ({
    goal: `${name} at most ${bound} ms (${number(found.latencies[name])})`,
    reached: found.latencies[name] <= bound || (isGenerators(found) || found.late[name] > bound ? null : false),
  })
  return [
    { goal: `none refused but at the window's edge (${wrong} wrongly)`, reached: wrong === 0 },
    { goal: `never more than ${limit} in any second (${most})`, reached: most <= limit },
    within('p50', 2),
    within('p99', 5),
    within('max', 50),
  ]
}

/** P2: latency at the limit, and that nobody is refused who need not be. */
export function steadyMeasure(found: Steady, stored: number): Measure {
  const { calls, accepted, refused, seen, logged, latencies, server, generator, late } = found
  const each = partsOf(accepted)
  const most = Math.max(seen.mostInOneSecond, logged.mostInOneSecond)
  const counts = [
    limit,
    calls.length,
    accepted.length,
    refused.length,
    accepted.length / calls.length,
    seen.wronglyRefused + logged.wronglyRefused,
    most,
  ]
  const spreads = [
    { ...spreadOf(each.map(({ p50 }) => p50)), median: latencies.p50 },
    { ...spreadOf(each.map(({ p99 }) => p99)), median: latencies.p99 },
    { ...spreadOf(each.map(({ max }) => max)), median: latencies.max },
  ]
  return {
    id: 'P2',
    what: `${limit} calls a second, as many as the limit lets through, ${number(stored)} devices in a durable store`,
    table: { columns, rows: [[...counts, ...spreads, busy([server]), busy([generator]), late.p99]] },
    figures: { ...figuresOf(found), parts: each },
    goals: goalsOf(found),
    notes: [
      generatorVerdict(`${limit}/s`, found),
      ...sharedCoreNotes(`${limit}/s`, found),
      `latencies count from the moment a call was due; of the whole run, with the spread of ${each.length} parts of it`,
      'an offer of just the limit touches it: a call that is quicker than the one a second before it finds the window still full',
      `the store was compacted ${found.compactions} times meanwhile`,
      ...(found.other > 0 ? [`${found.other} calls were answered neither by success nor by the limit's refusal`] : []),
    ],
    charts: [
      percentileChart('latency of accepted calls', [[`${limit}/s`, [latencies]]]),
      timelineChart(`${limit}/s offered`, found.moments, limit),
    ],
  }
}
