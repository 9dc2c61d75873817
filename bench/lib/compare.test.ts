import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  compareMeasure,
  comparisonText,
  counterparts,
  otherOptions,
  readReport,
  type Report,
  type ReportedMeasure,
} from './compare.ts'
import { BenchUsageError } from './options.ts'
import { less, more, type Cell } from './report.ts'

const measure = (rows: Cell[][], reached = true, scenario = 'api'): ReportedMeasure => ({
  scenario,
  id: 'P1',
  what: 'calls',
  table: { columns: ['server', more('calls/s'), less('p99 ms'), 'busy'], rows },
  figures: {},
  goals: [{ goal: `at least 0.45 (${reached ? 0.5 : 0.3})`, reached }],
  notes: [],
})

const spread = (median: number, by: number) => ({ median, min: median - by, max: median + by })

function fileOf(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'apsaramq-compare-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'before.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('D8: a figure is better or worse only where the spreads of the two runs do not touch', () => {
  const before = measure([
    ['one', spread(100, 10), spread(5, 1), 'x'],
    ['two', spread(100, 10), 5, 'x'],
    ['gone', 1, 1, 'x'],
  ])
  const now = measure([
    ['one', spread(125, 10), spread(9, 1), 'x'],
    ['two', spread(115, 10), 5.5, 'x'],
    ['new', 1, 1, 'x'],
  ])
  const found = compareMeasure(before, now)!
  expect(found.differences.map(({ row, column, verdict, change }) => [row, column, verdict, change])).toEqual([
    ['one', 'calls/s', 'better', '+25 %'],
    ['one', 'p99 ms', 'worse', '+80 %'],
    ['two', 'calls/s', 'about the same', '+15 %'],
    ['two', 'p99 ms', 'about the same', '+10 %'],
  ])
  expect({ goals: found.goals, notes: found.notes }).toEqual({ goals: [], notes: [] })
})

test('a goal that was reached and is not any more is told, with both figures', () => {
  const rows: Cell[][] = [['one', 0, 3, 'x']]
  const found = compareMeasure(measure([['one', 0, 0, 'x']]), measure(rows, false))!
  expect(comparisonText(measure(rows), found)).toBe(
    [
      '#### P1 against the earlier run',
      '',
      '- one, calls/s: 0 → 0 (±0 %): about the same',
      '- one, p99 ms: 0 → 3 (from 0 to 3): worse',
      '- at least 0.45 (0.3): NOT reached, was reached (0.5)',
      '',
    ].join('\n'),
  )
})

test('a table with other rows or columns is not compared, and that is said', () => {
  const found = compareMeasure(measure([['one', 1, 1, 'x']]), measure([['two', 1, 1, 'x']]))!
  expect(found).toEqual({
    differences: [],
    goals: [],
    notes: ['no figure of it can be compared: its rows or columns are others'],
  })
})

test('measures are matched by their scenario, their id and their order', () => {
  const [a, b, c] = [
    measure([['a', 1, 1, 'x']]),
    measure([['b', 1, 1, 'x']]),
    measure([['c', 1, 1, 'x']], true, 'store'),
  ]
  const before: Report = { format: 2, at: '2026-11-24T00:00:00.000Z', machine: {}, options: {}, measures: [a, b, c] }
  expect(readReport(fileOf(before))).toEqual(before)
  expect(counterparts(before, [c, a, b, a])).toEqual([c, a, b, undefined])
})

test('what was asked otherwise is told', () => {
  const before = { scenarios: ['api'], seconds: 3, smoke: true }
  expect(otherOptions(before, { scenarios: ['all'], seconds: 2, smoke: true })).toEqual(['seconds 2 instead of 3'])
})

test.each([
  ['{', 'cannot be read: '],
  ['[]', 'is no report of the bench'],
  [{ format: 1, measures: [] }, 'has the format 1, this bench reads 2: take it anew'],
  [
    { format: 2, at: 'now', measures: [{ id: 'P1' }] },
    'is a damaged report: its time, its options or a table is missing',
  ],
])('D8: a file of another shape is refused in a sentence: %j', (content, sentence) => {
  const read = () => readReport(fileOf(content))
  expect(read).toThrow(BenchUsageError)
  expect(read).toThrow(sentence)
})

test('a file that is not there is refused in a sentence', () => {
  expect(() => readReport('/nowhere/before.json')).toThrow('--compare /nowhere/before.json cannot be read: ENOENT')
})
