import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@apsaramq/model'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from './node-file-system.ts'

/** O_DSYNC as open(2) has it, in octal: what /proc shows of a descriptor. */
const dsync = 0o10000

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-store-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function flagsOf(path: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined) // some are closed meanwhile
    if (target !== path) continue
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')
    return Number.parseInt(/^flags:\s+([0-7]+)$/m.exec(info)![1]!, 8)
  }
  throw new Error(`${path} is not open`)
}

it.runIf(process.platform === 'linux').each([
  { durable: true, waits: dsync },
  { durable: false, waits: 0 },
])(
  'a write to a file that was opened with durable: $durable waits for the disk: $waits',
  async ({ durable, waits }) => {
    const path = join(directory, 'file')
    const file = await nodeFileSystem(systemClock).openAppend(path, { durable })
    expect((await flagsOf(path)) & dsync).toBe(waits)
    await file.write(Buffer.from('whole'))
    await file.close()
    expect(await readFile(path, 'utf8')).toBe('whole')
  },
)
