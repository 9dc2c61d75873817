import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { transcript } from '../support/transcript.ts'

/** A client program that runs, and what it has told. */
export interface ClientProcess {
  /** What it wrote so far, on both outputs; the last line of a program that has ended is `(exit CODE)`. */
  lines(): string[]
  /** The first line that matches, from the `from`th on. */
  tells(what: string, matches: RegExp, from?: number): Promise<string>
  /** Resolves with all it told, once it has ended. */
  end(): Promise<string>
  /** Writes a line to its standard input. */
  write(line: string): void
  /** Ends it, and resolves once it has ended. */
  stop(): Promise<void>
}

/** How long a client may take for a step, on a machine that is busy with other things. */
export const withinMs = 30_000

/** Starts a program. */
export function clientProcess(
  name: string,
  [file, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): ClientProcess {
  const told = transcript(name)
  const child = spawn(file, args, { env: { ...process.env, ...environment } })
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', told.add)
  child.on('error', ({ message }) => told.add(message))
  child.stdin.on('error', ({ message }) => told.add(message)) // it has ended before it read
  const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()))
  child.once('close', (code) => told.add(`(exit ${code})`))
  const tells: ClientProcess['tells'] = (what, matches, from = 0) =>
    told.waitFor(what, (line) => matches.test(line), { from, withinMs })
  return {
    lines: told.lines,
    tells,
    async end() {
      await tells('its end', /^\(exit/)
      return told.lines().join('\n')
    },
    write: (line) => void child.stdin.write(`${line}\n`),
    async stop() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
