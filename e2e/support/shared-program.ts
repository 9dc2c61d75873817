import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { managementClient, startProgram, type Endpoints, type ManagementClient, type Program } from '@apsaramq/testkit'
import { afterAll, beforeAll } from 'vitest'
import { anyPorts } from './any-ports.ts'

/** A running program, and where it is. */
export interface SharedProgram {
  program: Program
  endpoints: Endpoints
  management: ManagementClient
  /** Its data directory. */
  dataDir: string
}

/**
 * A program that all tests of a block share, with free ports; it has ended when they have finished.
 *
 * @param flags made when the block begins: files among them may be made then, in the directory
 */
export function sharedProgram(
  flags: (directory: string) => Promise<readonly string[]> = async () => [],
): SharedProgram {
  const shared = {} as SharedProgram // set before the first test runs
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    const args = ['start', ...anyPorts, ...(await flags(directory))]
    shared.dataDir = join(directory, 'data')
    shared.program = await startProgram({ args, dataDir: shared.dataDir })
    shared.endpoints = shared.program.endpoints()
    shared.management = managementClient(shared.endpoints.management)
  })
  afterAll(async () => {
    await shared.program?.stop()
    await rm(directory, { recursive: true, force: true })
  })
  return shared
}
