import type { Chart } from '../charts.ts'
import type { Comparison, Report, ReportedMeasure } from '../compare.ts'
import { cellText, nameOf, verdictText, type Goal, type Table } from '../report.ts'
import { escape } from './axis.ts'
import { percentilePicture } from './percentiles.ts'
import { style } from './style.ts'
import { timelinePicture } from './timeline.ts'

/** What a run is compared with. */
export interface Against {
  /** Of the earlier run. */
  file: string
  at: string
  /** What it was asked otherwise. */
  otherwise: string[]
  /** One for each measure; undefined where the earlier run has no counterpart. */
  comparisons: (Comparison | undefined)[]
}

const row = (tag: 'th' | 'td', cells: readonly string[]) =>
  `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`

function tableOf({ columns, rows }: Table): string {
  const body = rows.map((cells) => row('td', cells.map(cellText)))
  return `<div class="wide"><table><thead>${row('th', columns.map(nameOf))}</thead><tbody>${body.join('')}</tbody></table></div>`
}

function goalOf({ goal, reached }: Goal): string {
  const mark = reached === null ? 'soft' : reached ? 'good' : 'bad'
  return `<li>${escape(goal)}: <span class="${mark}">${verdictText(reached)}</span></li>`
}

const marks = { better: 'good', worse: 'bad', 'about the same': 'soft' } as const

function comparisonOf({ differences, goals, notes }: Comparison): string {
  const rows = differences.map(
    ({ row: name, column, before, now, verdict, change }) =>
      `<tr><td>${escape(name)}</td><td>${escape(column)}</td><td>${escape(cellText(before))}</td><td>${escape(cellText(now))}</td><td>${escape(change)}</td><td class="${marks[verdict]}">${verdict}</td></tr>`,
  )
  const head = row('th', ['row', 'figure', 'before', 'now', 'change', 'verdict'])
  const table = `<div class="wide"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`
  return `<h3>Against the earlier run</h3>${table}${listOf([...goals, ...notes].map((text) => `<li>${escape(text)}</li>`))}`
}

const listOf = (items: readonly string[]) => (items.length === 0 ? '' : `<ul>${items.join('')}</ul>`)

function pictureOf(chart: Chart): string {
  return chart.kind === 'percentiles' ? percentilePicture(chart) : timelinePicture(chart)
}

function sectionOf(measure: ReportedMeasure, comparison: Comparison | undefined): string {
  const { id, what, scenario, table, goals, notes, charts = [] } = measure
  return `<section><h2>${escape(`${id} ${what}`)}</h2><p class="soft">npm run bench -- ${escape(scenario)}</p>
${tableOf(table)}${listOf(goals.map(goalOf))}${comparison ? comparisonOf(comparison) : ''}
${charts.map(pictureOf).join('\n')}
${listOf(notes.map((note) => `<li class="soft">${escape(note)}</li>`))}</section>`
}

const facts = (about: Record<string, unknown>) =>
  Object.entries(about)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join(' · ')

/** A sentence on runs that were not asked alike. */
export function otherwiseText(otherwise: readonly string[]): string {
  return otherwise.length === 0 ? '' : `Not taken alike: ${otherwise.join(', ')}.`
}

/** The report of a run as one page that needs nothing beside it. @param against an earlier run */
export function htmlOf({ at, machine, options, measures }: Report, against?: Against): string {
  const compared = against
    ? `<p>Compared with <code>${escape(against.file)}</code>, taken ${escape(against.at)}: a figure is better or worse where the spreads of the two runs do not touch; one without a spread is given a tenth either way. ${escape(otherwiseText(against.otherwise))}</p>`
    : ''
  const smoke = options['smoke'] === true ? '<p class="bad">A smoke run: its figures mean nothing.</p>' : ''
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Bench of the ApsaraMQ for MQTT emulator</title><style>${style}</style></head><body>
<h1>Bench of the ApsaraMQ for MQTT emulator</h1>
<p class="soft">Taken ${escape(at)}<br>Machine: ${escape(facts(machine))}<br>Options: ${escape(facts(options))}</p>
${smoke}${compared}
${measures.map((measure, index) => sectionOf(measure, against?.comparisons[index])).join('\n')}
</body></html>
`
}
