import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@apsaramq/model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore } from '../file-store.ts'
import { DataDirectoryError, type Store } from '../store.ts'
import { sampleAccount, sampleDevice } from '../testing/sample-records.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { formatVersion } from './document.ts'

let place: string
let directory: string
let troubles: string[]
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'apsaramq-recovery-'))
  directory = join(place, 'data')
  troubles = []
})
afterEach(() => rm(place, { recursive: true }))

const open = (compactAfterBytes = 1 << 20) =>
  openFileStore({ directory, clock: systemClock, compactAfterBytes, onTrouble: (message) => troubles.push(message) })

const file = (name: string) => join(directory, name)

async function withAccounts(count: number): Promise<void> {
  const store = await open()
  for (let at = 1; at <= count; at += 1) await store.transact((tx) => tx.accounts.put(sampleAccount(String(at))))
  await store.close()
}

async function edit(name: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(file(name), change(await readFile(file(name))))
}

async function accounts(store: Store): Promise<string[]> {
  const found = await Promise.all(['1', '2', '3', '4'].map((id) => store.read.accounts.get(id)))
  return found.flatMap((account) => account?.id ?? [])
}

async function refusal(): Promise<string> {
  const error = await open().then(
    (store) => store.close().then(() => 'opened'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DataDirectoryError)
  return (error as Error).message.replaceAll(directory, 'DIR')
}

/** Makes compactions until the files of a second generation are there. */
async function compact(store: Store): Promise<void> {
  for (let at = 0; !(await readdir(directory)).includes('deviceCertificates-2.ndjson'); at += 1) {
    await store.transact((tx) => tx.deviceCertificates.put(sampleDevice('ca-1', '1', { registeredAt: at })))
  }
}

describe('the files', () => {
  it('are for the owner alone, kept out of a repository, and stamped with the format', async () => {
    await withAccounts(1)
    const names = (await readdir(directory)).filter((name) => !name.startsWith('owner.'))
    expect(names.sort()).toEqual(['.gitignore', 'deviceCertificates-1.ndjson', 'journal-1.log', 'store.json'])
    const modes = await Promise.all(
      [directory, ...names.map(file)].map(async (path) => (await stat(path)).mode & 0o777),
    )
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600, 0o600])
    expect(await readFile(file('.gitignore'), 'utf8')).toBe('*\n')
    expect(JSON.parse(await readFile(file('store.json'), 'utf8'))).toMatchObject({ format: formatVersion })
  })

  it('leave a directory that holds something else as it is', async () => {
    await mkdir(directory, { mode: 0o755 })
    await writeFile(file('package.json'), '{}')
    await withAccounts(1)
    expect(await readdir(directory)).not.toContain('.gitignore')
    expect((await stat(directory)).mode & 0o777).toBe(0o755)
  })

  it('hold the fields that changed only, not the whole record', async () => {
    const store = await open()
    const device = sampleDevice('ca-1', '1', { certificate: 'x'.repeat(5000) })
    await store.transact((tx) => tx.deviceCertificates.put(device))
    const { size } = await stat(file('journal-1.log'))
    await store.transact((tx) => tx.deviceCertificates.put({ ...device, status: 'inactive' }))
    await store.close()
    expect((await stat(file('journal-1.log'))).size - size).toBeLessThan(150)
    const again = await open()
    expect(await again.read.deviceCertificates.get('ca-1/1')).toEqual({ ...device, status: 'inactive' })
    await again.close()
  })

  it('are compacted beside traffic, and the old ones removed', async () => {
    const store = await open(1000)
    await store.transact((tx) => tx.accounts.put(sampleAccount('1')))
    await compact(store)
    await store.transact((tx) => tx.accounts.put(sampleAccount('2')))
    await store.close()
    const again = await open()
    expect(await accounts(again)).toEqual(['1', '2'])
    await again.close()
    const names = (await readdir(directory)).filter((name) => !name.startsWith('owner.'))
    const { generation } = JSON.parse(await readFile(file('store.json'), 'utf8')) as { generation: number }
    expect(generation).toBeGreaterThan(1)
    expect(names).toContain(`deviceCertificates-${generation}.ndjson`)
    expect(names.filter((name) => name.endsWith('.tmp') || name.endsWith('-1.log'))).toEqual([])
    expect(troubles).toEqual([])
  })
})

describe('a damaged directory', () => {
  it('loses an unfinished last line without a word', async () => {
    await withAccounts(3)
    await edit('journal-1.log', (bytes) => bytes.subarray(0, -5))
    const store = await open()
    expect(await accounts(store)).toEqual(['1', '2'])
    await store.transact((tx) => tx.accounts.put(sampleAccount('4')))
    await store.close()
    const again = await open()
    expect(await accounts(again)).toEqual(['1', '2', '4'])
    await again.close()
    expect(troubles).toEqual([])
  })

  it('says so when more than an unfinished line was torn', async () => {
    await withAccounts(2)
    await edit('journal-1.log', (bytes) => Buffer.concat([bytes, Buffer.from('\0\0\0\0\0\0\0\0\0\0\0\n')]))
    const store = await open()
    expect(await accounts(store)).toEqual(['1', '2'])
    await store.close()
    expect(troubles).toEqual([
      `the last 12 bytes of ${file('journal-1.log')} were torn by a crash and were cut off; no answered call was in them`,
    ])
  })

  it('is refused when a line in the middle is not as it was written', async () => {
    await withAccounts(3)
    await edit('journal-1.log', (bytes) => {
      bytes[bytes.indexOf('"id":"2"') + 6] = 0x39
      return bytes
    })
    expect(await refusal()).toMatch(
      /^DIR\/journal-1\.log is damaged \(the line at byte \d+ is not as it was written\): restore the directory from a copy, or choose another one\.$/,
    )
  })

  it('is refused when a line is missing', async () => {
    await withAccounts(3)
    await edit('journal-1.log', (bytes) => {
      const second = bytes.indexOf('\n') + 1
      return Buffer.concat([bytes.subarray(0, second), bytes.subarray(bytes.indexOf('\n', second) + 1)])
    })
    expect(await refusal()).toContain('DIR/journal-1.log is damaged (commit 1 is missing before commit 2)')
  })

  it('is refused when a file is missing', async () => {
    await withAccounts(1)
    await rm(file('deviceCertificates-1.ndjson'))
    expect(await refusal()).toContain('DIR/deviceCertificates-1.ndjson is missing')
    await writeFile(file('deviceCertificates-1.ndjson'), '')
    await rm(file('store.json'))
    expect(await refusal()).toContain('DIR/store.json is missing beside its journal')
  })

  it('is refused when its journal is missing', async () => {
    const store = await open(1000)
    await compact(store)
    await store.close()
    for (const name of await readdir(directory)) if (name.startsWith('journal-')) await rm(file(name))
    expect(await refusal()).toMatch(/^DIR\/journal-\d+\.log is missing/)
  })

  it('is refused when a record is not as it was written', async () => {
    const store = await open(1000)
    await compact(store)
    await store.close()
    const { generation } = JSON.parse(await readFile(file('store.json'), 'utf8')) as { generation: number }
    await edit(`deviceCertificates-${generation}.ndjson`, (bytes) =>
      Buffer.from(bytes.toString().replace('"active"', '"absent"')),
    )
    expect(await refusal()).toBe(
      `DIR/deviceCertificates-${generation}.ndjson is damaged: restore the directory from a copy, or choose another one.`,
    )
  })

  it.each([
    ['{"format":', 'DIR/store.json is not JSON: restore it from a copy, or choose another directory.'],
    ['{"name":"mine"}', 'DIR/store.json is not a document of the store: choose another directory.'],
    ['null', 'DIR/store.json is not a document of the store: choose another directory.'],
    [
      JSON.stringify({ format: formatVersion + 1 }),
      `DIR/store.json was written by a newer version (format ${formatVersion + 1}, this one knows ${formatVersion}): ` +
        'use that version, or choose another directory.',
    ],
  ])('G8: is refused when the document is %s', async (text, message) => {
    await withAccounts(1)
    await writeFile(file('store.json'), text)
    expect(await refusal()).toBe(message)
    expect(await readFile(file('store.json'), 'utf8')).toBe(text)
  })
})

describe('a directory that cannot be used', () => {
  it('is refused in one sentence when it is a file', async () => {
    await writeFile(directory, '')
    expect(await refusal()).toBe(
      'The data directory DIR is not a directory: remove the file that stands there, or choose another one with --data.',
    )
  })

  it.each([
    ['EACCES', 'cannot be read and written by this user: change its owner or mode'],
    ['EROFS', 'is on a disk that is mounted read-only: make it writable'],
    ['ENOSPC', 'is on a disk that is full: make room'],
    ['EMFILE', 'cannot be used (EMFILE: the disk): repair it'],
  ])('is refused in one sentence when the disk answers %s', async (code, sentence) => {
    const fileSystem = new SimulatedDisk()
    fileSystem.trouble = { code, from: 1, steps: Infinity }
    await expect(openFileStore({ directory: '/data', clock: systemClock, fileSystem })).rejects.toEqual(
      new DataDirectoryError(`The data directory /data ${sentence}, or choose another one with --data.`),
    )
  })

  it('is refused while another store has it, and left alone', async () => {
    const store = await open()
    expect(await refusal()).toBe(
      `The data directory DIR is used by the running process ${process.pid}: stop it, or choose another directory with --data.`,
    )
    await store.transact((tx) => tx.accounts.put(sampleAccount('1')))
    expect(await accounts(store)).toEqual(['1'])
    await store.close()
  })
})
