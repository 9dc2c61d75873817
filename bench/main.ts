import { readReport } from './lib/compare.ts'
import { benchHelp, BenchUsageError, readOptions } from './lib/options.ts'
import { runBench } from './lib/run.ts'
import { scenarios } from './scenarios/index.ts'

try {
  const args = process.argv.slice(2)
  const abouts = Object.fromEntries(Object.entries(scenarios).map(([name, { about }]) => [name, about]))
  if (args.includes('--help')) console.log(benchHelp(abouts))
  else {
    const options = readOptions(args, Object.keys(scenarios))
    const before = options.compare === undefined ? undefined : readReport(options.compare)
    await runBench(scenarios, options, (text) => console.log(text), before)
  }
} catch (error) {
  if (!(error instanceof BenchUsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
