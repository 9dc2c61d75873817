import { parseArgs } from 'node:util'

/** How the bench is run. */
export interface BenchOptions {
  scenarios: string[]
  /** Length of a turn. */
  seconds: number
  /** Length of the run at the limit, seconds. */
  steady: number
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
  /** Where the figures go as JSON; the report as HTML goes beside it. */
  out: string | undefined
  /** A JSON of an earlier run. */
  compare: string | undefined
  /** Put the figures into RESULTS.md. */
  results: boolean
  /** Tiny numbers: shows that everything runs, its figures mean nothing. */
  smoke: boolean
}

/** What was asked for cannot be done; the message is one sentence. */
export class BenchUsageError extends Error {
  override readonly name = 'BenchUsageError'
}

interface NumberOption {
  usual: number
  tiny: number
  help: string
  /** Whole numbers only. */
  whole: boolean
}

const option = (usual: number, tiny: number, help: string, whole = true): NumberOption => ({ usual, tiny, help, whole })

const numbers = {
  seconds: option(2, 0.1, 'length of a turn', false),
  steady: option(60, 0.4, 'length of the run at the limit (throttle), seconds', false),
  rounds: option(3, 1, 'turns of each contestant, after one that is dropped'),
  devices: option(100_000, 60, 'device certificates in the store, made in half a minute'),
  sessions: option(1_000, 20, 'live sessions'),
  connections: option(32, 4, 'connections of the closed loop'),
  connects: option(20_000, 20, 'connections that come and go in the endurance'),
  calls: option(50_000, 40, 'calls of the endurance'),
  seed: option(1, 1, 'order of the devices, their serial numbers'),
}

type NumberName = keyof typeof numbers

const numberNames = Object.keys(numbers) as NumberName[]

/** What a scenario measures, in half a line. */
export type Abouts = Readonly<Record<string, string>>

/** The help. @param abouts the scenarios, and what each measures */
export function benchHelp(abouts: Abouts): string {
  const scenarios = Object.entries(abouts).map(([name, about]) => `  ${name.padEnd(17)}${about}`)
  const options = numberNames.map((name) => {
    const { usual, help } = numbers[name]
    return `  ${`--${name} N`.padEnd(17)}${help} (${usual})`
  })
  return `npm run bench -- SCENARIO [SCENARIO…] [options]

Scenarios:
${scenarios.join('\n')}
  all              all of them, one after the other

Options:
${options.join('\n')}
  --out FILE       where the figures go as JSON, and beside it the report as HTML (.apsaramq-bench/SCENARIO.json)
  --compare FILE   tell what is better and what worse than in the JSON of an earlier run
  --results        put the figures into bench/RESULTS.md
  --smoke          tiny numbers: shows that everything runs; its figures mean nothing
  --help           this

With BENCH_CPU_PROFILES=DIR the emulator leaves a profile of its processor time there.`
}

function readNumber(name: NumberName, value: string): number {
  const number = Number(value)
  const kind = numbers[name].whole ? 'whole number' : 'number'
  const fits = numbers[name].whole ? Number.isSafeInteger(number) : Number.isFinite(number)
  if (value.trim() === '' || !fits || number <= 0)
    throw new BenchUsageError(`--${name} ${value} is no ${kind} above zero`)
  return number
}

function defaultsOf(smoke: boolean): Record<NumberName, number> {
  const entries = numberNames.map((name) => [name, smoke ? numbers[name].tiny : numbers[name].usual])
  return Object.fromEntries(entries) as Record<NumberName, number>
}

function scenariosIn(positionals: readonly string[], known: readonly string[]): string[] {
  const unknown = positionals.find((name) => name !== 'all' && !known.includes(name))
  if (unknown !== undefined) throw new BenchUsageError(`${unknown} is no scenario: ${known.join(', ')}, all`)
  if (positionals.length === 0)
    throw new BenchUsageError(`name a scenario: ${known.join(', ')}, all; --help tells more`)
  return positionals.includes('all') ? [...known] : [...new Set(positionals)]
}

/** @param known names of the scenarios @throws {BenchUsageError} */
export function readOptions(args: string[], known: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const texts = Object.fromEntries([...numberNames, 'out', 'compare'].map((name) => [name, text]))
  const parse = () =>
    parseArgs({ args, allowPositionals: true, options: { ...texts, smoke: flag, results: flag, help: flag } })
  const { values: found, positionals } = orUsageError(parse)
  const values = found as Partial<Record<NumberName | 'out' | 'compare', string> & { smoke: boolean; results: boolean }> // as declared above
  const given = numberNames.flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [[name, readNumber(name, value)] as const]
  })
  const { smoke = false, results = false, out, compare } = values
  const scenarios = scenariosIn(positionals, known)
  if (smoke && results) throw new BenchUsageError('--smoke has no figures that --results could keep')
  return { ...defaultsOf(smoke), ...Object.fromEntries(given), scenarios, smoke, results, out, compare }
}

/** Node's own sentence on an unknown option is one for a user. */
function orUsageError<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw error
    throw new BenchUsageError(message.split('. To specify')[0]!)
  }
}
