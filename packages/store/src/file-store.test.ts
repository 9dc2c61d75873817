import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@apsaramq/model'
import { afterAll, beforeAll } from 'vitest'
import { describeStore } from './conformance/index.ts'
import { openFileStore } from './file-store.ts'
import { SimulatedDisk } from './testing/simulated-disk.ts'

let place: string
beforeAll(async () => void (place = await mkdtemp(join(tmpdir(), 'apsaramq-store-'))))
afterAll(() => rm(place, { recursive: true }))

let opened = 0
describeStore('file', async () => {
  const directory = join(place, String((opened += 1)))
  const reopen = () => openFileStore({ directory, clock: systemClock })
  return { store: await reopen(), reopen }
})

describeStore('file, on a disk that can fail', async () => {
  const disk = new SimulatedDisk()
  const reopen = () => openFileStore({ directory: '/data', clock: systemClock, fileSystem: disk })
  const failWrites = (failing: boolean) => {
    disk.trouble = failing ? { code: 'ENOSPC', from: 0, steps: Infinity } : undefined
  }
  return { store: await reopen(), reopen, failWrites }
})
