import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { waitWithin, type WaitOptions } from './deadline.ts'

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

/** A process and what it has written. */
export interface Running {
  child: ChildProcess
  stdout(): string
  stderr(): string
  exited: Promise<ProgramExit>
}

/** Starts the process. */
export function run({
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

/** Waits for the end of the process, and kills it at the deadline. @throws {DeadlineError} with what it wrote */
export async function ending({ child, exited, stdout, stderr }: Running, wait: WaitOptions): Promise<ProgramExit> {
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
