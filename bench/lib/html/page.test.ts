import { expect, test } from 'vitest'
import { percentileChart, timelineChart } from '../charts.ts'
import { compareMeasure, type Report } from '../compare.ts'
import { less } from '../report.ts'
import { latenciesOf } from '../statistics.ts'
import { htmlOf } from './page.ts'

const latencies = latenciesOf(Array.from({ length: 1_000 }, (_, at) => 1 + at / 100))
const moments = Array.from({ length: 1_200 }, (_, at) => ({ at: at * 2, admitted: at < 500 || at >= 1_000 }))

const report = (p99: number): Report => ({
  format: 2,
  at: '2026-11-24T00:00:00.000Z',
  machine: { cores: 2 },
  options: { scenarios: ['throttle'], seconds: 3 },
  measures: [
    {
      scenario: 'throttle',
      id: 'P3',
      what: 'more than the limit & <so on>',
      table: { columns: ['offered/s', less('p99 ms')], rows: [['2,000', p99]] },
      figures: {},
      goals: [{ goal: 'never more than 500', reached: true }],
      notes: ['a note'],
      charts: [percentileChart('latency', [['2,000/s', [latencies]]]), timelineChart('offered', moments, 500)],
    },
  ],
})

test('D8: the report is one page with table, goals, notes and both pictures, and fetches nothing', () => {
  const html = htmlOf(report(4))
  for (const text of [
    '<td>2,000</td><td>4</td>',
    'never more than 500',
    'a note',
    'more than the limit &amp; &lt;so on&gt;',
  ])
    expect(html).toContain(text)
  expect(html.match(/<svg/g)).toHaveLength(2)
  expect(html).not.toMatch(/https?:|\bsrc=|<script|<link|url\(|@import|NaN|Infinity|undefined/)
})

const numbers = (path: string) => [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])

test('the curve rises from left to right, and the limit lies above what one second accepted', () => {
  const html = htmlOf(report(4))
  const curve = numbers(/class="line c0" d="([^"]+)"/.exec(html)![1]!)
  expect(curve.length).toBeGreaterThan(10)
  for (const [at, [x, y]] of curve.entries()) {
    if (at === 0) continue
    expect([x! >= curve[at - 1]![0]!, y! <= curve[at - 1]![1]!]).toEqual([true, true])
  }
  const limitY = numbers(/class="limit" d="([^"]+)"/.exec(html)![1]!)[0]![1]!
  const windowYs = numbers(/class="window" d="([^"]+)"/.exec(html)![1]!).map(([, y]) => y!)
  expect(Math.min(...windowYs)).toBe(limitY) // upwards is less
})

test('D8: a comparison stands in the page, with its verdict', () => {
  const [before, now] = [report(4), report(9)]
  const comparisons = [compareMeasure(before.measures[0], now.measures[0]!)]
  const html = htmlOf(now, { file: 'before.json', at: before.at, otherwise: ['seconds 2 instead of 3'], comparisons })
  expect(html).toContain('<td>2,000</td><td>p99 ms</td><td>4</td><td>9</td><td>+125 %</td><td class="bad">worse</td>')
  expect(html).toContain('Compared with <code>before.json</code>')
  expect(html).toContain('Not taken alike: seconds 2 instead of 3.')
})
