import type { Spread } from './statistics.ts'
import type { Usage } from './processor.ts'

/** A table of figures; every row as long as the columns. */
export interface Table {
  columns: string[]
  rows: (string | number)[][]
}

/** What one measure found. */
export interface Measure {
  /** Row of the measures: P1, P2 … */
  id: string
  what: string
  table: Table
  /** Every figure, for machines. */
  figures: unknown
  /** What was to be reached, and whether it was; null where this run cannot tell. */
  goals: { goal: string; reached: boolean | null }[]
  /** What a reader must know about how it was taken. */
  notes: string[]
}

const shown = (cell: string | number) => (typeof cell === 'number' ? number(cell) : cell)

/** A number with as many digits as mean something. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** A median with its spread. */
export function withSpread({ median, min, max }: Spread): string {
  return `${number(median)} (${number(min)}–${number(max)})`
}

/** How busy a core was, as a share. */
export function busy(usages: readonly (Usage | undefined)[]): string {
  const known = usages.filter((usage) => usage !== undefined).map((usage) => usage.busy)
  return known.length === 0 ? 'not known' : number(known.reduce((sum, one) => sum + one, 0) / known.length)
}

/** A note where the generator was as busy as what it measures: the figure is then its own. */
export function saturationNotes(name: string, usages: readonly (Usage | undefined)[], limit = 0.95): string[] {
  const known = usages.filter((usage) => usage !== undefined)
  const most = Math.max(...known.map((usage) => usage.busy))
  return known.length > 0 && most >= limit
    ? [`the generator was ${number(most)} busy against ${name}: its rate may be the generator's`]
    : []
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
}

/** A table in Markdown, its columns aligned. */
export function tableText({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(shown))
  const widths = columns.map((column, at) => Math.max(column.length, ...cells.map((row) => row[at]!.length)))
  const rule = widths.map((width) => '-'.repeat(width))
  return [columns, rule, ...cells].map((row) => line(row, widths)).join('\n')
}

const marks = new Map([
  [true, 'reached'],
  [false, 'NOT reached'],
])

/** A measure as Markdown. */
export function measureText({ id, what, table, goals, notes }: Measure): string {
  const verdicts = goals.map(
    ({ goal, reached }) => `- ${goal}: ${reached === null ? 'not judged' : marks.get(reached)}`,
  )
  return [
    `### ${id} ${what}`,
    '',
    tableText(table),
    '',
    ...verdicts,
    ...notes.map((note) => `- note: ${note}`),
    '',
  ].join('\n')
}
