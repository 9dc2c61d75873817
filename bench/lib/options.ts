import { parseArgs } from 'node:util'

/** How the bench is run. */
export interface BenchOptions {
  scenarios: string[]
  /** Length of a turn. */
  seconds: number
  rounds: number
  /** Devices in the store. */
  devices: number
  /** Live sessions. */
  sessions: number
  /** Connections of the closed loop. */
  connections: number
  /** Connections, one after the other, of the endurance. */
  connects: number
  /** Calls of the endurance. */
  calls: number
  seed: number
  out: string | undefined
  /** Put the figures into RESULTS.md. */
  results: boolean
  /** Tiny numbers: shows that everything runs, its figures mean nothing. */
  smoke: boolean
}

/** What was asked for cannot be done; the message is one sentence. */
export class BenchUsageError extends Error {
  override readonly name = 'BenchUsageError'
}

const usual = {
  seconds: 3,
  rounds: 5,
  devices: 20_000,
  sessions: 1_000,
  connections: 32,
  connects: 20_000,
  calls: 50_000,
  seed: 1,
}
const tiny = { seconds: 0.2, rounds: 1, devices: 60, sessions: 20, connections: 4, connects: 20, calls: 40, seed: 1 }

const text = { type: 'string' } as const
const flags = {
  seconds: text,
  rounds: text,
  devices: text,
  sessions: text,
  connections: text,
  connects: text,
  calls: text,
  seed: text,
  out: text,
}

/** The help. @param names of the scenarios */
export function benchHelp(names: readonly string[]): string {
  return `npm run bench -- ${names.join('|')}|all [options]
  --seconds N      length of a turn (${usual.seconds})
  --rounds N       turns of each contestant (${usual.rounds}), after one that is dropped
  --devices N      device certificates in the store (${usual.devices}, which take most of a minute to issue)
  --sessions N     live sessions (${usual.sessions})
  --connections N  connections of the closed loop (${usual.connections})
  --connects N     connections that come and go in the endurance (${usual.connects})
  --calls N        calls of the endurance (${usual.calls})
  --seed N         order of the devices (${usual.seed})
  --out FILE       where the figures go as JSON (.apsaramq-bench/<scenario>.json)
  --results        put the figures into bench/RESULTS.md
  --smoke          tiny numbers: shows that everything runs; its figures mean nothing

With BENCH_CPU_PROFILES=DIR the emulator leaves a profile of its processor time there.`
}

function positive(name: string, value: string): number {
  const number = Number(value)
  if (!(number > 0)) throw new BenchUsageError(`--${name} ${value} is no number above zero`)
  return number
}

/** @throws {BenchUsageError} */
export function readOptions(args: string[], names: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...flags, smoke: { type: 'boolean' }, results: { type: 'boolean' } },
  })
  const unknown = positionals.find((name) => name !== 'all' && !names.includes(name))
  if (unknown !== undefined) throw new BenchUsageError(`${unknown} is no scenario: ${names.join(', ')}, all`)
  if (positionals.length === 0) throw new BenchUsageError(benchHelp(names))
  const { smoke = false, results = false, out, ...given } = values
  const numbers = Object.entries(given).map(([name, value]) => [name, positive(name, value)] as const)
  const scenarios = positionals.includes('all') ? [...names] : positionals
  return { ...(smoke ? tiny : usual), ...Object.fromEntries(numbers), scenarios, smoke, results, out }
}
