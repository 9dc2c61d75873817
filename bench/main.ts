import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { withDirectory } from './lib/emulator.ts'
import { describeMachine } from './lib/machine.ts'
import { benchHelp, BenchUsageError, readOptions, type BenchOptions } from './lib/options.ts'
import { populator } from './lib/populate.ts'
import { generatorCore, pin } from './lib/processor.ts'
import { measureText, type Measure } from './lib/report.ts'
import { writeResults } from './lib/results-file.ts'
import type { Scenario } from './lib/scenario.ts'
import { apiCeiling } from './scenarios/api-ceiling.ts'
import { apiPaced } from './scenarios/api-paced.ts'
import { bothPlanes } from './scenarios/both-planes.ts'
import { connect } from './scenarios/connect.ts'
import { endurance } from './scenarios/endurance.ts'
import { memory } from './scenarios/memory.ts'
import { messages } from './scenarios/messages.ts'
import { revoke } from './scenarios/revoke.ts'
import { singleMessages } from './scenarios/single-messages.ts'
import { slowSubscriber } from './scenarios/slow-subscriber.ts'
import { store } from './scenarios/store.ts'

/** The scenarios by their command. */
const scenarios: Record<string, readonly Scenario[]> = {
  api: [apiCeiling, apiPaced],
  connect: [connect],
  messages: [messages],
  'slow-subscriber': [slowSubscriber],
  'single-messages': [singleMessages],
  'both-planes': [bothPlanes],
  revoke: [revoke],
  store: [store],
  memory: [memory],
  endurance: [endurance],
}

async function save(options: BenchOptions, machine: object, measures: readonly Measure[]): Promise<string> {
  const names = options.scenarios.length > 1 ? 'all' : options.scenarios[0]!
  const file = resolve(options.out ?? join('.apsaramq-bench', `${names}.json`))
  await mkdir(dirname(file), { recursive: true })
  if (options.out === undefined) await writeFile(join(dirname(file), '.gitignore'), '*\n') // so that git shows nothing
  const { out: _place, ...taken } = options
  const report = {
    format: 1,
    at: new Date().toISOString(),
    machine,
    options: taken,
    measures,
  }
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
  return file
}

async function run(options: BenchOptions): Promise<void> {
  const machine = describeMachine() // before this process is held to one core
  const pinned = pin(process.pid, generatorCore)
  const { cores, node } = machine
  console.log(
    `${cores} cores, Node.js ${node}; ${pinned ? 'server and generator on a core each' : 'NOT pinned to cores'}\n`,
  )
  if (options.smoke) console.log('smoke: the figures below mean nothing\n')
  const measuresByScenario = new Map<string, Measure[]>()
  await withDirectory(async (dataDir) => {
    const populated = populator(dataDir, options.devices)
    for (const name of options.scenarios) {
      const measures: Measure[] = []
      measuresByScenario.set(name, measures)
      for (const scenario of scenarios[name]!) {
        for await (const measure of scenario.run({ options, populated })) {
          measures.push(measure)
          console.log(measureText(measure))
        }
      }
    }
  })
  if (options.results) await writeResults({ ...machine, pinned }, options, measuresByScenario)
  console.log(`figures: ${await save(options, { ...machine, pinned }, [...measuresByScenario.values()].flat())}`)
}

/** Whether an error is the user's slip: one sentence is all it takes. */
function isUsageError(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code
  return error instanceof BenchUsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
}

const names = Object.keys(scenarios)
try {
  const args = process.argv.slice(2)
  if (args.includes('--help')) console.log(benchHelp(names))
  else await run(readOptions(args, names))
} catch (error) {
  if (!isUsageError(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
