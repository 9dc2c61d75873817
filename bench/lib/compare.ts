import { readFileSync } from 'node:fs'
import { BenchUsageError } from './options.ts'
import { cellText, nameOf, number, rowName, verdictText, type Cell, type Column, type Measure } from './report.ts'
import type { Spread } from './statistics.ts'

/** The shape of a report; another one cannot be compared with. */
export const reportFormat = 2

/** A measure and where it is from. */
export interface ReportedMeasure extends Measure {
  scenario: string
}

/** What a run leaves as JSON. */
export interface Report {
  format: typeof reportFormat
  /** When it was taken, ISO 8601. */
  at: string
  machine: Record<string, unknown>
  options: Record<string, unknown>
  measures: ReportedMeasure[]
}

/** A figure of two runs. */
export interface Difference {
  row: string
  column: string
  before: Cell
  now: Cell
  verdict: 'better' | 'worse' | 'about the same'
  /** For example +12 %. */
  change: string
}

/** What is different in a measure. */
export interface Comparison {
  differences: Difference[]
  /** Goals that are reached now and were not, or the other way. */
  goals: string[]
  notes: string[]
}

function isTable(table: unknown): boolean {
  const { columns, rows } = (table ?? {}) as { columns?: unknown; rows?: unknown }
  return Array.isArray(columns) && Array.isArray(rows) && rows.every((row) => Array.isArray(row))
}

function isMeasure(value: unknown): boolean {
  const { id, scenario, table, goals } = (value ?? {}) as Partial<Record<keyof ReportedMeasure, unknown>>
  return typeof id === 'string' && typeof scenario === 'string' && isTable(table) && Array.isArray(goals)
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new BenchUsageError(`--compare ${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Reads the JSON of an earlier run. @throws {BenchUsageError} when it is none, or of another version */
export function readReport(file: string): Report {
  const { format, measures, at, options } = (parse(file) ?? {}) as Partial<Record<keyof Report, unknown>>
  if (typeof format !== 'number' || !Array.isArray(measures))
    throw new BenchUsageError(`--compare ${file} is no report of the bench: it has no format and measures`)
  if (format !== reportFormat)
    throw new BenchUsageError(
      `--compare ${file} has the format ${format}, this bench reads ${reportFormat}: take it anew`,
    )
  if (typeof at !== 'string' || typeof options !== 'object' || options === null || !measures.every(isMeasure))
    throw new BenchUsageError(`--compare ${file} is a damaged report: its time, its options or a table is missing`)
  return parse(file) as Report // just looked at
}

/** A figure without a spread is given one of a tenth either way. */
const usualSpread = 0.1

function spreadOfCell(cell: Cell | undefined): Spread | undefined {
  if (cell === undefined || typeof cell === 'string') return undefined
  if (typeof cell === 'object') return cell
  const around = Math.abs(cell) * usualSpread
  return { median: cell, min: cell - around, max: cell + around }
}

function changeText(before: number, now: number): string {
  if (before === now) return '±0 %'
  if (before === 0) return `from 0 to ${number(now)}`
  const percent = ((now - before) / Math.abs(before)) * 100
  return `${percent > 0 ? '+' : '−'}${number(Math.abs(Math.abs(percent) >= 10 ? Math.round(percent) : percent))} %`
}

/** What is less than a fiftieth of a figure is no difference. */
const leastChange = 0.02

/** Better or worse only where the spreads do not touch. */
function verdictOf(before: Spread, now: Spread, better: 'less' | 'more'): Difference['verdict'] {
  const isLess = now.max < before.min
  const isMore = now.min > before.max
  const isTiny = Math.abs(now.median - before.median) < Math.abs(before.median) * leastChange
  if (isTiny || (!isLess && !isMore)) return 'about the same'
  return isLess === (better === 'less') ? 'better' : 'worse'
}

function differenceOf(row: string, column: Column, before: Cell | undefined, now: Cell): Difference | undefined {
  if (typeof column === 'string' || before === undefined) return undefined
  const [earlier, later] = [spreadOfCell(before), spreadOfCell(now)]
  if (!earlier || !later || ![earlier.median, later.median].every(Number.isFinite)) return undefined
  const verdict = verdictOf(earlier, later, column.better)
  return { row, column: column.name, before, now, verdict, change: changeText(earlier.median, later.median) }
}

function differencesOf(before: Measure, { table }: Measure): Difference[] {
  return table.rows.flatMap((row) => {
    const name = rowName(table, row)
    const earlier = before.table.rows.find((other) => rowName(before.table, other) === name)
    const isSameTable = before.table.columns.map(nameOf).join() === table.columns.map(nameOf).join()
    if (!earlier || !isSameTable) return []
    const found = table.columns.map((column, at) => differenceOf(name, column, earlier[at], row[at]!))
    return found.filter((difference) => difference !== undefined)
  })
}

/** Goals name their figures in parentheses, which differ from run to run. */
const withoutFigures = (goal: string) => goal.replaceAll(/ \([^)]*\)/g, '')

function goalsOf(before: Measure, now: Measure): string[] {
  return now.goals.flatMap(({ goal, reached }) => {
    const earlier = before.goals.find((other) => withoutFigures(other.goal) === withoutFigures(goal))
    if (!earlier || earlier.reached === reached) return []
    return [
      `${goal}: ${verdictText(reached)}, was ${verdictText(earlier.reached)} ${earlier.goal.match(/\([^)]*\)/)?.[0] ?? ''}`.trim(),
    ]
  })
}

/** Compares a measure with the one of the earlier run that is its counterpart; undefined where there is none. */
export function compareMeasure(before: ReportedMeasure | undefined, now: Measure): Comparison | undefined {
  if (!before) return undefined
  const differences = differencesOf(before, now)
  const notes = [
    ...(before.what === now.what ? [] : [`it was taken otherwise before: ${before.what}`]),
    ...(differences.length === 0 ? ['no figure of it can be compared: its rows or columns are others'] : []),
  ]
  return { differences, goals: goalsOf(before, now), notes }
}

/** The counterpart of each measure: the same id in the same scenario, in the same order. */
export function counterparts(before: Report, measures: readonly ReportedMeasure[]): (ReportedMeasure | undefined)[] {
  const key = ({ scenario, id }: ReportedMeasure) => `${scenario}/${id}`
  return measures.map((measure, at) => {
    const nth = measures.slice(0, at).filter((other) => key(other) === key(measure)).length
    return before.measures.filter((other) => key(other) === key(measure))[nth]
  })
}

/** What two runs were not asked alike, for a reader. */
export function otherOptions(before: Report['options'], now: Report['options']): string[] {
  const told = Object.keys(now).filter((name) => name !== 'scenarios')
  const others = told.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
  return others.map((name) => `${name} ${String(now[name])} instead of ${String(before[name])}`)
}

/** A comparison as Markdown. */
export function comparisonText({ id }: Measure, { differences, goals, notes }: Comparison): string {
  const lines = differences.map(
    ({ row, column, before, now, verdict, change }) =>
      `- ${row}, ${column}: ${cellText(before)} → ${cellText(now)} (${change}): ${verdict}`,
  )
  return [
    `#### ${id} against the earlier run`,
    '',
    ...lines,
    ...goals.map((goal) => `- ${goal}`),
    ...notes.map((note) => `- note: ${note}`),
    '',
  ].join('\n')
}
