import { readFile, writeFile } from 'node:fs/promises'
import type { Report } from './compare.ts'
import { measureText } from './report.ts'

/** Between two such lines RESULTS.md holds what the bench has measured of a scenario. */
const marks = (scenario: string) => [`<!-- figures: ${scenario} -->`, `<!-- /figures: ${scenario} -->`] as const

const list = (facts: object) => Object.entries(facts).map(([name, value]) => `${name} ${value}`)

/** How a run was taken, in a paragraph. */
function describeRun({ at, machine, options }: Report): string {
  const { scenarios: _names, smoke: _no, ...taken } = options
  return `Taken ${at.slice(0, 10)} · ${list(machine).join(' · ')}\n\nOptions: ${list(taken).join(' · ')}`
}

/** A text with the figures of a scenario between its marks; all else stays. @throws {Error} where the marks are gone */
export function withFigures(text: string, scenario: string, figures: string): string {
  const [begin, end] = marks(scenario)
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`RESULTS.md has lost its lines ${begin} and ${end}`)
  return `${text.slice(0, from)}${begin}\n\n${figures}\n${text.slice(to)}`
}

/** Puts the figures of a run into RESULTS.md; those of other scenarios and what is written around them stay. */
export async function writeResults(report: Report): Promise<void> {
  const file = new URL('../RESULTS.md', import.meta.url)
  let text = await readFile(file, 'utf8')
  for (const scenario of new Set(report.measures.map((measure) => measure.scenario))) {
    const measures = report.measures.filter((measure) => measure.scenario === scenario)
    const figures = [describeRun(report), '', ...measures.map(measureText)].join('\n')
    text = withFigures(text, scenario, figures)
  }
  await writeFile(file, text)
}
