import { readFile, writeFile } from 'node:fs/promises'
import { measureText, type Measure } from './report.ts'
import type { BenchOptions } from './options.ts'

/** Between these two lines RESULTS.md is written by the bench. */
const [begin, end] = ['<!-- figures: npm run bench -- all --results -->', '<!-- /figures -->']

const list = (facts: object) => Object.entries(facts).map(([name, value]) => `${name} ${value}`)

/** How a run was taken, in a paragraph. */
function describeRun(machine: Record<string, unknown>, options: BenchOptions): string {
  const { seconds, rounds, devices, sessions, connections, seed } = options
  const taken = { seconds, rounds, devices, sessions, connections, seed }
  return `Taken ${new Date().toISOString().slice(0, 10)} · ${list(machine).join(' · ')}\n\nOptions: ${list(taken).join(' · ')}`
}

/** Puts the figures of a run into RESULTS.md; what is written around them stays. @throws {Error} where its marks are gone */
export async function writeResults(
  machine: Record<string, unknown>,
  options: BenchOptions,
  measures: readonly Measure[],
) {
  const file = new URL('../RESULTS.md', import.meta.url)
  const text = await readFile(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`RESULTS.md has lost its lines ${begin} and ${end}`)
  const figures = [begin, '', describeRun(machine, options), '', ...measures.map(measureText), ''].join('\n')
  await writeFile(file, `${text.slice(0, from)}${figures}${text.slice(to)}`)
}
