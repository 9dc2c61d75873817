import { curveShares, spreadOf, type Latencies } from './statistics.ts'

/** A curve by its points. */
export interface Line {
  name: string
  points: [x: number, y: number][]
}

/** Latencies by the share of calls that had at most these; milliseconds. */
export interface PercentileChart {
  kind: 'percentiles'
  title: string
  /** x is the share, 0 to 1. */
  lines: Line[]
}

/** What was accepted and refused as time went by. */
export interface TimelineChart {
  kind: 'timeline'
  title: string
  binMs: number
  /** Calls in each bin. */
  accepted: number[]
  refused: number[]
  /** Calls accepted within the second that ends with a bin. */
  inWindow: number[]
  /** What one second may accept. */
  limit: number
}

/** A picture of a measure. */
export type Chart = PercentileChart | TimelineChart

/** A curve of latencies; of several rounds the middle at each share. */
function lineOf(name: string, rounds: readonly Latencies[]): Line {
  const measured = rounds.filter(({ count }) => count > 0)
  const most = Math.max(...measured.map(({ count }) => count))
  const points = curveShares.flatMap((share, at): [number, number][] => {
    const tooFine = share < 1 && (1 - share) * most < 0.999 // so few calls have no such share
    return tooFine ? [] : [[share, spreadOf(measured.map(({ curve }) => curve[at]!)).median]]
  })
  return { name, points: measured.length === 0 ? [] : points }
}

/** The curves of the rows of a table. @param rows their names, and the latencies of each round */
export function percentileChart(
  title: string,
  rows: readonly (readonly [name: string, rounds: readonly Latencies[]])[],
): PercentileChart {
  const lines = rows.map(([name, rounds]) => lineOf(name, rounds)).filter(({ points }) => points.length > 0)
  return { kind: 'percentiles', title, lines }
}

/** A call by the moment it was decided, milliseconds on any clock. */
export interface Moment {
  at: number
  admitted: boolean
}

const windowMs = 1_000

/** The course of an offer; at most 300 bins, a tenth of a second or longer. */
export function timelineChart(title: string, moments: readonly Moment[], limit: number): TimelineChart {
  const sorted = [...moments].sort((a, b) => a.at - b.at)
  const beganAt = sorted[0]?.at ?? 0
  const span = (sorted.at(-1)?.at ?? 0) - beganAt
  const binMs = Math.max(100, Math.ceil(span / 300 / 100) * 100)
  const bins = Math.floor(span / binMs) + 1
  const [accepted, refused, inWindow] = [0, 1, 2].map(() => Array.from({ length: bins }, () => 0)) as [
    number[],
    number[],
    number[],
  ]
  for (const { at, admitted } of sorted) (admitted ? accepted : refused)[Math.floor((at - beganAt) / binMs)]! += 1
  const times = sorted.filter(({ admitted }) => admitted).map(({ at }) => at - beganAt)
  for (let bin = 0; bin < bins; bin += 1) inWindow[bin] = mostBefore(times, bin * binMs, (bin + 1) * binMs)
  return { kind: 'timeline', title, binMs, accepted, refused, inWindow, limit }
}

/** The most calls that one second held that ends in a stretch of time. */
function mostBefore(times: readonly number[], from: number, to: number): number {
  let most = times.filter((time) => time <= from && time > from - windowMs).length
  let first = 0
  for (let last = 0; last < times.length && times[last]! < to; last += 1) {
    while (times[last]! - times[first]! >= windowMs) first += 1
    if (times[last]! >= from) most = Math.max(most, last - first + 1)
  }
  return most
}
