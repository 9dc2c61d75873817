import type { PercentileChart } from '../charts.ts'
import { horizontal, marksBelow, pathOf, picture, rulesAcross, vertical } from './axis.ts'

/** How many colors the style sheet has; more lines repeat them. */
export const colors = 8

const shares: [share: number, text: string][] = [
  [0, '0 %'],
  [0.5, '50 %'],
  [0.9, '90 %'],
  [0.99, '99 %'],
  [0.999, '99.9 %'],
  [0.9999, '99.99 %'],
]

/** Each nine is as wide as the one before: what is rare is what matters. */
const nines = (share: number) => -Math.log10(1 - share)

/** 1, 2, 5, 10 … around the values. */
function logTicks(least: number, most: number): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    for (const times of [1, 2, 5]) ticks.push(times * 10 ** power)
  }
  const from = ticks.findLastIndex((tick) => tick <= least)
  const to = ticks.findIndex((tick) => tick >= most)
  return ticks.slice(Math.max(0, from), to < 0 ? undefined : to + 1)
}

/** Curves of latencies: the share of calls from left to right, milliseconds from the bottom up, both logarithmic. */
export function percentilePicture({ title, lines }: PercentileChart): string {
  const leastMs = 0.01 // what is below, or negative, lies on the ground
  const values = lines.flatMap(({ points }) => points.map(([, ms]) => Math.max(leastMs, ms)))
  if (values.length === 0) return ''
  const finest = Math.max(0.99, ...lines.flatMap(({ points }) => points.map(([share]) => (share < 1 ? share : 0))))
  const end = nines(finest) + 0.4 // the greatest of all lies beyond the last share
  const ticks = logTicks(Math.min(...values), Math.max(...values))
  const x = horizontal(0, end)
  const y = vertical(Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!))
  const curves = lines.map(({ points }, at) => {
    const path = points.map(([share, ms]): [number, number] => {
      return [x(share < 1 ? nines(share) : end), y(Math.log10(Math.max(leastMs, ms)))]
    })
    return `<path class="line c${at % colors}" d="${pathOf(path)}"/>`
  })
  const marks = shares.filter(([share]) => share <= finest).map(([share, text]) => [nines(share), text] as const)
  const ground = rulesAcross(ticks, (ms) => y(Math.log10(ms))) + marksBelow([...marks, [end, 'max']], x)
  const legend = lines.map(({ name }, at) => [`c${at % colors}`, name] as const)
  return picture(`${title}: ms, by share of calls`, ground + curves.join(''), legend)
}
