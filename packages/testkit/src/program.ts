import { join } from 'node:path'
import { waitWithin, type WaitOptions } from './deadline.ts'
import { readEndpoints, type Endpoints } from './endpoints.ts'
import {
  ending,
  run,
  type ProgramExit,
  type ProgramOptions,
  type ProgramResult,
  type Running,
} from './running-process.ts'

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

async function stop(running: Running, wait: WaitOptions = {}): Promise<ProgramExit> {
  running.child.kill('SIGTERM')
  return ending(running, { withinMs: 20_000, ...wait })
}
