import {
  configure,
  createEmulator,
  createLogger,
  describeConfiguration,
  describeTouched,
  environmentName,
  logTo,
  options,
  systemClock,
  type Configuration,
  type Emulator,
} from '@apsaramq/emulator'
import { parseArguments, type FlagTypes } from '../arguments.ts'
import { exportedNames } from './env.ts'

const flagTypes: FlagTypes = Object.fromEntries([
  ['config', 'string'],
  ...options.map((option) => [option.flag, option.value === undefined ? 'boolean' : 'string'] as const),
])

/** The help of `start`: its flags, from the table of options. */
export function help(): string {
  const rows = [
    ['--config FILE', 'JSON file of the settings below (keys in camelCase), or APSARAMQ_CONFIG'],
    ...options.map((option) => [`--${option.flag}${option.value ? ` ${option.value}` : ''}`, option.help]),
  ]
  const width = Math.max(...rows.map(([flag]) => flag!.length))
  return rows.map(([flag, says]) => `  ${flag!.padEnd(width)}  ${says}`).join('\n')
}

function say(lines: string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`)
}

/** Variables that look like a setting and are none: most likely a slip. */
function unknownVariables(): string[] {
  const known = new Set(['APSARAMQ_CONFIG', ...exportedNames, ...options.map(({ flag }) => environmentName(flag))])
  return Object.keys(process.env).filter((name) => name.startsWith('APSARAMQ_') && !known.has(name))
}

function introduce(configuration: Configuration): void {
  say(describeConfiguration(configuration))
  for (const name of unknownVariables()) say([`${name} is no setting of the emulator and is ignored`])
  if (configuration.settings.auth === 'off')
    say(['WARNING: auth is off: nobody checks signatures, which the real service always does'])
}

function listAssumptions(emulator: Emulator): void {
  const entries = emulator.assumptions()
  say([
    'assumptions in force (LIMITS.md):',
    ...entries.map(({ id, confidence, says }) => `  ${id} ${confidence}: ${says}`),
  ])
}

function announce({ endpoints }: Emulator): void {
  process.stdout.on('error', () => say(['nobody reads the standard output any more; the emulator runs on']))
  const { api, apiTls, mqtts, wss, mqtt, ws, management } = endpoints
  const broker = [mqtts, wss, mqtt, ws].filter(Boolean).join('  ')
  process.stdout.write(`API         ${api}  ${apiTls}\nMQTT        ${broker}\nManagement  ${management}\nReady\n`)
}

/** A terminal and npm both pass a Ctrl-C on: a signal that comes sooner after the first is the same one. */
const sameSignalMs = 500

/**
 * Resolves at the first SIGINT or SIGTERM, also when it came while the emulator was starting. A later one ends the
 * process at once, whatever hangs.
 */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const onSignal = () => {
      const now = systemClock.monotonic()
      first ??= now
      if (now - first > sameSignalMs) process.exit(1)
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  })
}

/** Resolves once the lines logged so far are written, or cannot be. */
function written(logger: ReturnType<typeof createLogger>): Promise<void> {
  return new Promise((resolve) => logger.flush(() => resolve()))
}

/** `start`: runs an emulator until it is told to stop. */
export async function run(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, flagTypes)
  const stopped = untilSignal()
  const file = flags['config'] ?? process.env['APSARAMQ_CONFIG']
  const configuration = configure({ flags, environment: process.env, file })
  process.stderr.on('error', () => undefined) // on a full disk, say: the emulator runs on without its log
  introduce(configuration)
  const logger = createLogger(configuration.settings.logLevel)
  const emulator = await createEmulator({ settings: configuration.settings, onLog: logTo(logger) })
  await written(logger) // who reads "Ready" finds the lines of the start
  listAssumptions(emulator)
  announce(emulator)
  await stopped
  await emulator.close()
  await written(logger)
  say(['assumptions this run has rested on:', ...describeTouched(emulator.assumptions()).map((line) => `  ${line}`)])
}
