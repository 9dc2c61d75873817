import { timelineChart } from '../lib/charts.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { figuresOf, limit, offer, type Offer } from '../lib/offer.ts'
import { until } from '../lib/pace.ts'
import { less, number, type Cell, type Measure } from '../lib/report.ts'
import type { DevicePool } from '../lib/signed-calls.ts'

/** Calls of a burst, all due at once; a second burst follows within the same second. */
const burst = 600
const secondBurstMs = 700
const alignments = 10

/** Two bursts, the first at a part of the wall clock's second. */
export interface Alignment {
  /** Milliseconds after the full second. */
  phaseMs: number
  offer: Offer
}

/** Resolves at a part of a second of the wall clock, where a window that is aligned to it would begin anew. */
function phase(phaseMs: number): Promise<void> {
  const now = performance.timeOrigin + performance.now()
  const wait = (((phaseMs - now) % 1_000) + 1_000) % 1_000
  return until(performance.now() + wait)
}

/** Offers two bursts at every tenth of a second. */
export async function offerBursts(emulator: RunningEmulator, pool: DevicePool, smoke: boolean): Promise<Alignment[]> {
  const found: Alignment[] = []
  const moments = [0, secondBurstMs].flatMap((due) => Array.from({ length: smoke ? 10 : burst }, () => due))
  for (let at = 0; at < (smoke ? 1 : alignments); at += 1) {
    const phaseMs = (at * 1_000) / alignments
    const devices = pool.take(moments.length)
    const one = await offer(
      { emulator, lanes: smoke ? 10 : burst, begin: () => phase(phaseMs) },
      moments,
      'inactive',
      devices,
    )
    pool.spend(new Set(one.accepted.map(({ index }) => devices[index]!)))
    found.push({ phaseMs, offer: one })
  }
  return found
}

const columns = [
  'first burst at ms of the second',
  'calls',
  'accepted of the first',
  'of the second',
  'allowed',
  less('wrongly refused'),
  'most in 1 s',
  'generator late max ms',
]

const inFirst =
  (size: number) =>
  ({ index }: { index: number }) =>
    index < size / 2
const mostOf = ({ offer: { seen, logged } }: Alignment) => Math.max(seen.mostInOneSecond, logged.mostInOneSecond)
const wrongOf = ({ offer: { seen, logged } }: Alignment) => seen.wronglyRefused + logged.wronglyRefused

function rowOf(one: Alignment): Cell[] {
  const { calls, accepted, logged, late } = one.offer
  const first = accepted.filter(inFirst(calls.length)).length
  return [
    one.phaseMs,
    calls.length,
    first,
    accepted.length - first,
    logged.allowed,
    wrongOf(one),
    mostOf(one),
    late.max,
  ]
}

/** P3: bursts that begin anywhere in a second. */
export function burstMeasure(found: readonly Alignment[]): Measure {
  const most = Math.max(...found.map(mostOf))
  const wrong = found.reduce((total, one) => total + wrongOf(one), 0)
  const least = Math.min(...found.map(({ offer: { logged } }) => logged.admitted / logged.allowed))
  return {
    id: 'P3',
    what: `two bursts of ${burst} calls ${secondBurstMs} ms apart, at every alignment to the second`,
    table: { columns, rows: found.map(rowOf) },
    figures: found.map(({ phaseMs, offer: one }) => ({ phaseMs, ...figuresOf(one) })),
    goals: [
      { goal: `bursts: never more than ${limit} in any second (${most})`, reached: most <= limit },
      { goal: `bursts: at least 99 % of what is allowed (${number(least * 100)} %)`, reached: least >= 0.99 },
      { goal: `bursts: none refused while the window had room (${wrong})`, reached: wrong === 0 },
    ],
    notes: [
      'a window that begins anew with each full second, or each tenth, would let the second burst through somewhere',
    ],
    charts: [timelineChart(`two bursts, the last alignment`, found.at(-1)!.offer.moments, limit)],
  }
}
