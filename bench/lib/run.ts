import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  compareMeasure,
  comparisonText,
  counterparts,
  otherOptions,
  reportFormat,
  type Report,
  type ReportedMeasure,
} from './compare.ts'
import { coresTogether } from './core-probe.ts'
import { withDirectory } from './emulator.ts'
import { freshEmulators, withSharedEmulators, type Emulators } from './emulators.ts'
import { htmlOf, otherwiseText, type Against } from './html/page.ts'
import { describeMachine } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { populator } from './populate.ts'
import { generatorCore, pin } from './processor.ts'
import { measureText } from './report.ts'
import { writeResults } from './results-file.ts'
import type { Scenario } from './scenario.ts'

/** How a run is told on the terminal. */
type Tell = (text: string) => void

async function look({ smoke }: BenchOptions) {
  const machine = describeMachine() // before this process is held to one core
  if (smoke) return { ...machine, pinned: false } // no figure depends on it, and what it starts would share one core
  const pinned = pin(process.pid, generatorCore)
  return { ...machine, pinned, ...(pinned && { coresTogether: await coresTogether() }) }
}

type Machine = Awaited<ReturnType<typeof look>>

function introduction({ cores, node, pinned, ...more }: Machine, { smoke }: BenchOptions): string {
  if (smoke) return `${cores} cores, Node.js ${node}; smoke: the figures below mean nothing\n`
  const together = 'coresTogether' in more ? more.coresTogether : undefined
  const lines = [
    `${cores} cores, Node.js ${node}; ${pinned ? 'server and generator on a core each' : 'NOT pinned: server and generator share the cores'}`,
    ...(together === undefined ? [] : [`both cores together do ${together} times the work of one`]),
    ...(together !== undefined && together < 1.5 ? ['so server and generator share one: tails are the machine’s'] : []),
  ]
  return `${lines.join('\n')}\n`
}

async function measureAll(
  scenarios: Readonly<Record<string, Scenario>>,
  options: BenchOptions,
  emulators: Emulators,
  tell: Tell,
): Promise<ReportedMeasure[]> {
  const measures: ReportedMeasure[] = []
  await withDirectory(async (dataDir) => {
    const populated = populator(dataDir, options.devices, options.seed)
    for (const scenario of options.scenarios) {
      for await (const measure of scenarios[scenario]!.run({ ...emulators, options, populated })) {
        measures.push({ scenario, ...measure })
        tell(measureText(measure))
      }
    }
  })
  return measures
}

function comparisonWith(before: Report, file: string, { options, measures }: Report): Against {
  const earlier = counterparts(before, measures)
  const otherwise = otherOptions(before.options, options)
  return {
    file,
    at: before.at,
    otherwise,
    comparisons: measures.map((measure, at) => compareMeasure(earlier[at], measure)),
  }
}

function tellComparison({ comparisons, otherwise }: Against, measures: readonly ReportedMeasure[], tell: Tell): void {
  if (otherwise.length > 0) tell(`${otherwiseText(otherwise)}\n`)
  measures.forEach((measure, at) => {
    const comparison = comparisons[at]
    tell(comparison ? comparisonText(measure, comparison) : `${measure.id} is not in the earlier run\n`)
  })
}

async function save(report: Report, { scenarios, out }: BenchOptions, against?: Against): Promise<string[]> {
  const file = resolve(out ?? join('.apsaramq-bench', `${scenarios.length > 1 ? 'all' : scenarios[0]!}.json`))
  const page = `${file.replace(/\.json$/, '')}.html`
  await mkdir(dirname(file), { recursive: true })
  if (out === undefined) await writeFile(join(dirname(file), '.gitignore'), '*\n') // so that git shows nothing
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(page, htmlOf(report, against))
  return [file, page]
}

/** Runs what was asked for and leaves the figures. @param before the run to compare with */
export async function runBench(
  scenarios: Readonly<Record<string, Scenario>>,
  options: BenchOptions,
  tell: Tell,
  before?: Report,
): Promise<void> {
  const machine = await look(options)
  tell(introduction(machine, options))
  const run = (emulators: Emulators) => measureAll(scenarios, options, emulators, tell)
  const largest = { accounts: 4, devices: 1_000, randomSeed: options.seed }
  const ahead = options.scenarios.length > 1
  const measures = await (options.smoke ? withSharedEmulators({ largest, ahead }, run) : run(freshEmulators))
  const { out: _place, compare: _file, results: _yes, ...taken } = options
  const report: Report = { format: reportFormat, at: new Date().toISOString(), machine, options: taken, measures }
  const against = before && comparisonWith(before, options.compare!, report) // it was read from that file
  if (against) tellComparison(against, measures, tell)
  if (options.results) await writeResults(report)
  const [file, page] = await save(report, options, against)
  tell(`figures: ${file}\nreport:  ${page}`)
}
