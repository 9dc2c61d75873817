import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@apsaramq/model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore } from '../file-store.ts'
import { DataDirectoryError, StoreUnavailableError, type Store } from '../store.ts'
import { sampleAccount } from '../testing/sample-records.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'

let place: string
let directory: string
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'apsaramq-lost-journal-'))
  directory = join(place, 'data')
})
afterEach(() => rm(place, { recursive: true }))

const open = (compactAfterBytes = 1 << 20) => openFileStore({ directory, clock: systemClock, compactAfterBytes })
const put = (store: Store, id: string) => store.transact((tx) => tx.accounts.put(sampleAccount(id)))
const file = (name: string) => join(directory, name)

async function withAccounts(...ids: string[]): Promise<void> {
  const store = await open()
  for (const id of ids) await put(store, id)
  await store.close()
}

async function refusal(): Promise<string> {
  const error = await open().then(
    (store) => store.close().then(() => 'opened'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DataDirectoryError)
  return (error as Error).message.replaceAll(directory, 'DIR')
}

describe('a start', () => {
  it.each([
    ['is missing', (path: string) => rm(path)],
    ['is empty', (path: string) => writeFile(path, '')],
    ['is empty', (path: string) => writeFile(path, 'apsara')],
  ])('is refused again and again when the journal %s, although nothing was compacted yet', async (what, damage) => {
    await withAccounts('1', '2')
    await damage(file('journal-1.log'))
    const expected =
      `DIR/journal-1.log ${what}, and with it every change since store.json was written: ` +
      'restore the directory from a copy, or remove the directory to begin anew.'
    expect([await refusal(), await refusal()]).toEqual([expected, expected])
  })

  it('is refused when the journal does not begin as one', async () => {
    await withAccounts('1', '2')
    const bytes = await readFile(file('journal-1.log'))
    await writeFile(file('journal-1.log'), bytes.subarray(bytes.indexOf('\n') + 1))
    expect(await refusal()).toBe(
      'DIR/journal-1.log is damaged (it does not begin as a journal does): ' +
        'restore the directory from a copy, or choose another one.',
    )
  })

  it('is refused when the document is missing beside a later journal without a commit', async () => {
    const store = await open(1)
    for (let at = 1; !(await readdir(directory)).includes('journal-2.log'); at += 1) await put(store, String(at))
    await store.close()
    await rm(file('store.json'))
    await rm(file('journal-1.log'), { force: true })
    expect(await refusal()).toContain('DIR/store.json is missing beside its journal')
  })

  it('begins anew where only an empty first journal was made before a crash', async () => {
    await withAccounts()
    await rm(file('store.json'))
    await withAccounts('1')
    const store = await open()
    expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1'))
    await store.close()
  })
})

const denial = (what: string) =>
  new StoreUnavailableError(
    `the change could not be made durable: ${file('journal-1.log')} was ${what} while the store was open: ` +
      'stop the emulator, and restore the directory from a copy or remove it to begin anew',
  )

describe('a running store', () => {
  it.each([
    ['the directory was', 'deleted', () => rm(directory, { recursive: true })],
    ['the journal was', 'deleted', () => rm(file('journal-1.log'))],
    ['the journal was', 'cut off', () => truncate(file('journal-1.log'), 0)],
  ])('answers no change as done when %s %s, and makes no file in its place', async (_subject, what, damage) => {
    const store = await open()
    await put(store, '1')
    await damage()
    const left = (await readdir(place, { recursive: true })).filter((name) => name.includes('journal'))
    await expect(put(store, '2')).rejects.toEqual(denial(what))
    await expect(put(store, '3')).rejects.toEqual(denial(what))
    await expect(store.reset({})).rejects.toEqual(denial(what))
    expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1'))
    expect(await store.read.accounts.get('2')).toBeUndefined()
    expect((await readdir(place, { recursive: true })).filter((name) => name.includes('journal'))).toEqual(left)
    await store.close()
  })

  it('does not fill a journal up with zeros that was cut off before a write failed', async () => {
    const disk = new SimulatedDisk()
    const store = await openFileStore({ directory: '/data', clock: systemClock, fileSystem: disk })
    await put(store, '1')
    disk.damage('/data/journal-1.log', Buffer.alloc(0))
    disk.trouble = { code: 'EIO', from: disk.steps + 1, steps: 1 }
    await expect(put(store, '2')).rejects.toThrow(StoreUnavailableError)
    await expect(put(store, '3')).rejects.toThrow('/data/journal-1.log was cut off while the store was open')
    expect(disk.contents('/data/journal-1.log')!.includes(0)).toBe(false)
  })

  it('answers no change as done when its journal was deleted on a simulated disk', async () => {
    const disk = new SimulatedDisk()
    const store = await openFileStore({ directory: '/data', clock: systemClock, fileSystem: disk })
    await put(store, '1')
    await disk.remove('/data/journal-1.log')
    await expect(put(store, '2')).rejects.toThrow('/data/journal-1.log was deleted while the store was open')
    expect(disk.contents('/data/journal-1.log')).toBeUndefined()
  })
})
