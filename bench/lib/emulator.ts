import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  managementClient,
  ProgramExitedError,
  startProgram,
  type Endpoints,
  type ManagementClient,
} from '@apsaramq/testkit'
import { pin, serverCore } from './processor.ts'

/** The emulator under measurement. */
export interface RunningEmulator {
  pid: number
  pinned: boolean
  endpoints: Endpoints
  management: ManagementClient
  /** From the start of the process to `Ready`, milliseconds. */
  readyMs: number
}

const anyPorts = ['--api-port', '0', '--api-tls-port', '0', '--mqtts-port', '0', '--management-port', '0']

/** What Node.js itself is started with beside the emulator. */
export interface NodeExtras {
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

const noExtras: NodeExtras = { args: [], env: {} }

/** Its log goes to a file, as a user's would, and not through a pipe that the generator had to read. */
function commandInto(logFile: string, args: readonly string[]): [string, ...string[]] {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const loader = pathToFileURL(createRequire(join(root, 'package.json')).resolve('tsx')).href
  const node = [process.execPath, '--import', loader, ...args, join(root, 'packages/cli/src/main.ts')]
  return ['/bin/sh', '-c', 'log=$1; shift; exec "$@" 2>>"$log"', 'sh', logFile, ...node]
}

/** Where a profile of the emulator is wanted: `node --cpu-prof` writes it as the process ends. */
function profileArgs(): string[] {
  const folder = process.env['BENCH_CPU_PROFILES']
  return folder ? ['--cpu-prof', '--cpu-prof-dir', folder] : []
}

async function start(flags: readonly string[], dataDir: string, { args, env }: NodeExtras) {
  const logFile = join(dataDir, '..', 'emulator.log')
  try {
    const command = commandInto(logFile, [...profileArgs(), ...args])
    return await startProgram({ args: ['start', ...anyPorts, ...flags], dataDir, command, env })
  } catch (error) {
    if (!(error instanceof ProgramExitedError)) throw error
    const log = await readFile(logFile, 'utf8')
    throw new Error(`the emulator did not start: ${log.slice(-2_000)}`, { cause: error })
  }
}

/** Runs `body` beside an emulator on a data directory, all its settings on; the emulator has ended afterwards. */
export async function withEmulatorOn<T>(
  dataDir: string,
  flags: readonly string[],
  body: (emulator: RunningEmulator) => Promise<T>,
  extras = noExtras,
): Promise<T> {
  const beganAt = performance.now()
  const program = await start(flags, dataDir, extras)
  const readyMs = performance.now() - beganAt
  try {
    const endpoints = program.endpoints()
    const management = managementClient(endpoints.management)
    return await body({ pid: program.pid, pinned: pin(program.pid, serverCore), endpoints, management, readyMs })
  } finally {
    await program.stop({ withinMs: 60_000 })
  }
}

/** Runs `body` with a place for a data directory that is gone afterwards. */
export async function withDirectory<T>(body: (dataDir: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'apsaramq-bench-'))
  try {
    return await body(join(folder, 'data'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs `body` beside a fresh emulator. */
export function withEmulator<T>(
  flags: readonly string[],
  body: (emulator: RunningEmulator) => Promise<T>,
  extras = noExtras,
): Promise<T> {
  return withDirectory((dataDir) => withEmulatorOn(dataDir, flags, body, extras))
}

/** Takes the limit of calls a second away; everything else of the gateway stays on. */
export const unlimited = ['--limit', '999999999']
