import { number } from '../report.ts'

/** Text that may stand anywhere in HTML. */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The drawing inside its margins, in units of the picture. */
export const frame = { width: 720, height: 260, left: 56, right: 16, top: 12, bottom: 32 } as const

/** Where a value lies, in units of the picture. */
export type Scale = (value: number) => number

const right = frame.width - frame.right
const bottom = frame.height - frame.bottom

/** A scale from left to right. */
export function horizontal(from: number, to: number): Scale {
  return (value) => frame.left + ((value - from) / (to - from || 1)) * (right - frame.left)
}

/** A scale from the bottom up. */
export function vertical(from: number, to: number): Scale {
  return (value) => bottom - ((value - from) / (to - from || 1)) * (bottom - frame.top)
}

/** Round values up to a number, about five of them. */
export function roundTicks(to: number): number[] {
  const rough = to / 5 || 1
  const size = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((times) => times * size).find((one) => one >= rough)!
  return Array.from({ length: Math.floor(to / step) + 1 }, (_, at) => at * step)
}

const place = (value: number) => String(Math.round(value * 10) / 10)

/** Points as an SVG path. */
export function pathOf(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${place(x)} ${place(y)}`).join('')
}

/** Lines across the drawing with their values at the left. */
export function rulesAcross(values: readonly number[], scale: Scale): string {
  return values
    .map((value) => {
      const y = place(scale(value))
      return `<line class="rule" x1="${frame.left}" x2="${right}" y1="${y}" y2="${y}"/><text x="${frame.left - 6}" y="${y}" dy="4" text-anchor="end">${number(value)}</text>`
    })
    .join('')
}

/** Marks under the drawing. */
export function marksBelow(marks: readonly (readonly [value: number, text: string])[], scale: Scale): string {
  return marks
    .map(([value, text]) => {
      const x = place(scale(value))
      return `<line class="rule" x1="${x}" x2="${x}" y1="${frame.top}" y2="${bottom}"/><text x="${x}" y="${bottom + 16}" text-anchor="middle">${escape(text)}</text>`
    })
    .join('')
}

/** A picture with its title and what the colors mean. */
export function picture(title: string, content: string, legend: readonly (readonly [style: string, text: string])[]) {
  const keys = legend.map(([style, text]) => `<span><i class="${style}"></i>${escape(text)}</span>`).join('')
  const svg = `<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${escape(title)}">${content}</svg>`
  return `<figure><figcaption>${escape(title)}</figcaption>${svg}<p class="legend">${keys}</p></figure>`
}

/** The upper edge of the drawing's ground, and its height down to there from a place. */
export function barTo(scale: Scale, from: number, to: number): { y: string; height: string } {
  return { y: place(scale(to)), height: place(Math.max(0, scale(from) - scale(to))) }
}
