import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProgram } from '@apsaramq/testkit'
import type { TestProject } from 'vitest/node'
import { anyPorts } from './any-ports.ts'
import { leftOut } from './needs-openssl.ts'
import { tools } from './tools.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoints file of what the suite is aimed at. */
    endpointsFile: string
    /** True when the caller named it, so that nothing may be started, stopped or reset there. */
    foreign: boolean
  }
}

/**
 * The endpoints file of a running emulator that the environment names. The variable also tells an emulator where to
 * write: the file is there as long as that emulator runs, so one that is not there names nothing to aim at.
 */
function runningElsewhere(): string | undefined {
  const named = process.env.APSARAMQ_ENDPOINTS_FILE
  if (!named || existsSync(named)) return named || undefined
  process.stderr.write(`e2e: no emulator runs that has written ${named} (APSARAMQ_ENDPOINTS_FILE): one is started\n`)
  return undefined
}

/** Aims the suite at the running emulator of `APSARAMQ_ENDPOINTS_FILE`, or starts this checkout's for the whole run. */
export default async function aim(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  tellWhatIsMissing()
  const named = runningElsewhere()
  project.provide('foreign', named !== undefined)
  if (named !== undefined) {
    project.provide('endpointsFile', named)
    return undefined
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  const program = await startProgram({ args: ['start', ...anyPorts], dataDir })
  project.provide('endpointsFile', join(dataDir, 'endpoints.json'))
  return async () => {
    await program.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Says which clients are left out on this machine. @throws {Error} where nothing may be: with CI set */
function tellWhatIsMissing(): void {
  const missing = tools.filter(({ path }) => path === undefined).map(({ name }) => name)
  if (missing.length === 0) return
  if (process.env.CI) throw new Error(`not installed: ${missing.join(', ')}; with CI set nothing is left out`)
  process.stderr.write(`e2e: not installed and therefore left out: ${[...missing, ...leftOut].join(', ')}\n`)
}
