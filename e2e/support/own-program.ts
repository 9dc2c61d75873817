import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProgram, type Program, type ProgramOptions } from '@apsaramq/testkit'
import { onTestFinished } from 'vitest'
import { anyPorts } from './any-ports.ts'

/** A directory that is gone when the test has finished. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a program that has ended when the test has finished; ports are free ones unless the flags say otherwise. */
export async function ownProgram(flags: readonly string[] = [], options: ProgramOptions = {}): Promise<Program> {
  const dataDir = options.dataDir ?? (await temporaryDirectory())
  const program = await startProgram({ ...options, args: ['start', ...anyPorts, ...flags], dataDir })
  onTestFinished(async () => {
    await program.stop()
  })
  return program
}
