/** The shares at which a curve of durations is taken. */
export const curveShares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9998, 0.9999, 1]

/** How a set of durations is spread; milliseconds. */
export interface Latencies {
  count: number
  p50: number
  p99: number
  max: number
  /** The durations at {@link curveShares}. */
  curve: number[]
}

/** The value that `share` of the sorted values do not exceed; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** @param durations in any order */
export function latenciesOf(durations: readonly number[]): Latencies {
  const sorted = [...durations].sort((a, b) => a - b)
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
    curve: curveShares.map((share) => percentile(sorted, share)),
  }
}

/** The middle of several rounds and how far they lie apart. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** @param values one a round */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** By how much y grows with each x: the line that fits best (least squares); NaN of fewer than two points. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)]
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
}
