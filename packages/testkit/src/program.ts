import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { waitWithin, type WaitOptions } from './deadline.ts'
import { readEndpoints, type Endpoints } from './endpoints.ts'

/** What to run. */
export interface ProgramOptions extends WaitOptions {
  /** Arguments of the CLI; `start` without a value. */
  args?: readonly string[]
  /** Set, or with undefined removed, in the child's environment. */
  env?: Readonly<Record<string, string | undefined>>
  /** Given as `--data`, and where its endpoints file is read. */
  dataDir?: string
  /** Given as `--endpoints-file`. */
  endpointsFile?: string
  /** The program and its first arguments; the CLI of this checkout without a value. */
  command?: readonly [string, ...string[]]
  cwd?: string
}

/** How a process ended: by itself with a code, or by a signal. */
export interface ProgramExit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** What a finished process left. */
export interface ProgramResult extends ProgramExit {
  stdout: string
  stderr: string
}

/** A process that has said `Ready`. */
export interface Program {
  readonly pid: number
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  /** Its endpoints file. */
  endpoints(): Endpoints
  /** Sends SIGTERM and resolves with how it ended; resolves likewise where it has ended before. */
  stop(options?: WaitOptions): Promise<ProgramExit>
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<ProgramExit>
}

/** The process ended before it said `Ready`. */
export class ProgramExitedError extends Error {
  override readonly name = 'ProgramExitedError'
  readonly result: ProgramResult

  constructor(result: ProgramResult) {
    super(`the program ended (${result.code ?? result.signal}) before it was ready: ${result.stderr || result.stdout}`)
    this.result = result
  }
}

/**
 * Starts the emulator and resolves when its standard output says `Ready`.
 *
 * @throws {ProgramExitedError} when it ends instead
 * @throws {DeadlineError} with what it wrote, when neither comes; the process is killed then
 */
export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const running = run(options)
  const { child, stdout, stderr, exited } = running
  try {
    await waitWithin<void>(
      { withinMs: 60_000, ...options },
      ({ resolve, reject }) => {
        const look = () => void (/^Ready\b/m.test(stdout()) && resolve())
        child.stdout?.on('data', look)
        exited.then((exit) => reject(new ProgramExitedError({ ...exit, stdout: stdout(), stderr: stderr() })), reject)
        return () => void child.stdout?.off('data', look)
      },
      (withinMs) => `the program was not ready within ${withinMs} ms; it wrote: ${stdout()}${stderr()}`,
    )
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const file = options.endpointsFile ?? (options.dataDir && join(options.dataDir, 'endpoints.json'))
  return {
    pid: child.pid!, // a process that wrote has one
    stdout,
    stderr,
    exited,
    endpoints: () => readEndpoints(file),
    stop: (wait) => stop(running, wait),
    kill: (signal) => void child.kill(signal),
  }
}

/** Runs a command of the CLI to its end; rejects only when it could not be started or did not end in time. */
export async function runProgram(options: ProgramOptions = {}): Promise<ProgramResult> {
  const running = run(options)
  const exit = await ending(running, { withinMs: 60_000, ...options })
  return { ...exit, stdout: running.stdout(), stderr: running.stderr() }
}

interface Running {
  child: ChildProcess
  stdout(): string
  stderr(): string
  exited: Promise<ProgramExit>
}

function run({
  args = ['start'],
  env,
  dataDir,
  endpointsFile,
  command = checkoutCommand(),
  cwd,
}: ProgramOptions): Running {
  const [file, ...first] = command
  const data = dataDir === undefined ? [] : ['--data', dataDir]
  const endpoints = endpointsFile === undefined ? [] : ['--endpoints-file', endpointsFile]
  const child = spawn(file, [...first, ...args, ...data, ...endpoints], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const exited = new Promise<ProgramExit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal })) // 'close' comes after the last output
  })
  exited.catch(() => child.stdout?.destroy()) // whoever waits sees the error; nobody waiting is no crash
  return { child, stdout, stderr, exited }
}

async function stop(running: Running, wait: WaitOptions = {}): Promise<ProgramExit> {
  running.child.kill('SIGTERM')
  return ending(running, { withinMs: 20_000, ...wait })
}

async function ending({ child, exited, stdout, stderr }: Running, wait: WaitOptions): Promise<ProgramExit> {
  try {
    return await waitWithin<ProgramExit>(
      wait,
      ({ resolve, reject }) => {
        exited.then(resolve, reject)
        return () => undefined
      },
      (withinMs) => `the program did not end within ${withinMs} ms; it wrote: ${stdout()}${stderr()}`,
    )
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** The caller's environment without the settings of another emulator or of a test runner. */
function environment(): NodeJS.ProcessEnv {
  const foreign = /^(APSARAMQ_|VITEST|NODE_ENV$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

/** Node.js itself with tsx as a loader: no process in between, so that a signal reaches the emulator. */
function checkoutCommand(): [string, ...string[]] {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const loader = createRequire(join(root, 'package.json')).resolve('tsx')
  return [process.execPath, '--import', pathToFileURL(loader).href, join(root, 'packages/cli/src/main.ts')]
}
