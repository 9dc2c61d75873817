import type { Chart } from './charts.ts'
import type { Usage } from './processor.ts'
import type { Spread } from './statistics.ts'

/** A figure, a figure with its spread over several rounds, or words. */
export type Cell = string | number | Spread

/** A column; where it says what is better, two runs can be compared in it. */
export type Column = string | { name: string; better: 'less' | 'more' }

/** A table of figures; every row as long as the columns. */
export interface Table {
  columns: Column[]
  rows: Cell[][]
  /** How many columns name the row; 1 without a value. */
  keys?: number
}

/** Something to be reached, and whether it was; null where this run cannot tell. */
export interface Goal {
  goal: string
  reached: boolean | null
}

/** What one measure found. */
export interface Measure {
  /** Row of the measures: P1, P2 … */
  id: string
  what: string
  table: Table
  /** Every figure, for machines. */
  figures: unknown
  goals: Goal[]
  /** What a reader must know about how it was taken. */
  notes: string[]
  charts?: Chart[]
}

/** Columns of which less is better. */
export const less = (name: string): Column => ({ name, better: 'less' })
/** Columns of which more is better. */
export const more = (name: string): Column => ({ name, better: 'more' })
/** What a column is called. */
export const nameOf = (column: Column): string => (typeof column === 'string' ? column : column.name)

/** A number with as many digits as mean something. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** A cell as it is read. */
export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return number(cell)
  return `${number(cell.median)} (${number(cell.min)}–${number(cell.max)})`
}

/** The cells that name a row, as one text. */
export function rowName({ keys = 1 }: Table, row: readonly Cell[]): string {
  return row.slice(0, keys).map(cellText).join(', ')
}

/** How busy a core was, as a share. */
export function busy(usages: readonly (Usage | undefined)[]): string {
  const known = usages.filter((usage) => usage !== undefined).map((usage) => usage.busy)
  return known.length === 0 ? 'not known' : number(known.reduce((sum, one) => sum + one, 0) / known.length)
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
}

/** A table in Markdown, its columns aligned. */
export function tableText({ columns, rows }: Table): string {
  const names = columns.map(nameOf)
  const cells = rows.map((row) => row.map(cellText))
  const widths = names.map((column, at) => Math.max(column.length, ...cells.map((row) => row[at]!.length)))
  const rule = widths.map((width) => '-'.repeat(width))
  return [names, rule, ...cells].map((row) => line(row, widths)).join('\n')
}

/** A verdict in words. */
export function verdictText(reached: Goal['reached']): string {
  return reached === null ? 'not judged' : reached ? 'reached' : 'NOT reached'
}

/** A measure as Markdown. */
export function measureText({ id, what, table, goals, notes }: Measure): string {
  return [
    `### ${id} ${what}`,
    '',
    tableText(table),
    '',
    ...goals.map(({ goal, reached }) => `- ${goal}: ${verdictText(reached)}`),
    ...notes.map((note) => `- note: ${note}`),
    '',
  ].join('\n')
}
