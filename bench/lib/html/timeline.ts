import type { TimelineChart } from '../charts.ts'
import { barTo, horizontal, marksBelow, pathOf, picture, roundTicks, rulesAcross, vertical } from './axis.ts'

/** Accepted and refused calls as bars, what the last second accepted as a line, and the limit it must not cross. */
export function timelinePicture({ title, binMs, accepted, refused, inWindow, limit }: TimelineChart): string {
  const perSecond = (calls: number) => (calls * 1_000) / binMs
  const heights = accepted.map((calls, at) => perSecond(calls + refused[at]!))
  const most = Math.max(limit * 1.1, ...heights, ...inWindow)
  const seconds = (accepted.length * binMs) / 1_000
  const x = horizontal(0, seconds)
  const y = vertical(0, most)
  const width = Math.max(0.5, x(binMs / 1_000) - x(0) - 0.5).toFixed(1)
  const bars = accepted.map((calls, at) => {
    const left = x((at * binMs) / 1_000).toFixed(1)
    const lower = barTo(y, 0, perSecond(calls))
    const upper = barTo(y, perSecond(calls), heights[at]!)
    const rect = (style: string, bar: typeof lower) =>
      bar.height === '0'
        ? ''
        : `<rect class="${style}" x="${left}" width="${width}" y="${bar.y}" height="${bar.height}"/>`
    return rect('accepted', lower) + rect('refused', upper)
  })
  const window = inWindow.map((calls, at): [number, number] => [x(((at + 0.5) * binMs) / 1_000), y(calls)])
  const edge = pathOf([
    [x(0), y(limit)],
    [x(seconds), y(limit)],
  ])
  const marks = roundTicks(seconds).map((second) => [second, `${second} s`] as const)
  const ground = rulesAcross(roundTicks(most), y) + marksBelow(marks, x)
  const content = `${ground}${bars.join('')}<path class="limit" d="${edge}"/><path class="window" d="${pathOf(window)}"/>`
  return picture(`${title}: calls a second`, content, [
    ['accepted', 'accepted'],
    ['refused', 'refused'],
    ['window', 'accepted within the last second'],
    ['limit', `the limit, ${limit}`],
  ])
}
