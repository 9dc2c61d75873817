import { systemClock } from '@apsaramq/model'
import { describe, expect, it } from 'vitest'
import { openFileStore } from './file-store.ts'
import { StoreUnavailableError, type Store, type Transaction } from './store.ts'
import { AccountBook } from './testing/account-book.ts'
import { sampleAccount, sampleDevice } from './testing/sample-records.ts'
import { PowerCut, SimulatedDisk, type Trouble } from './testing/simulated-disk.ts'

const directory = '/data'

interface Setting {
  compactAfterBytes: number
}

const open = (disk: SimulatedDisk, setting: Partial<Setting> = {}) =>
  openFileStore({ directory, clock: systemClock, fileSystem: disk, ...setting })

/** Single commits, groups, several devices at once, deletions, devices that come again; over and over. */
async function changes(store: Store, book: AccountBook): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await book.change(store, ['1'])
    await Promise.all(['1', '2', '3'].map((sn) => book.change(store, [sn])))
    await Promise.all([book.change(store, ['4', '5']), book.change(store, ['1', '6']), book.change(store, ['2'], true)])
    await book.change(store, ['2', '4'])
    await book.change(store, ['6'], true)
  }
}

/** Runs the scenario until the power is cut; everything that fails is the power cut's doing. */
async function runUntilCut(disk: SimulatedDisk, setting: Setting): Promise<AccountBook> {
  const book = new AccountBook(() => disk.isRunning)
  try {
    const store = await open(disk, setting)
    await changes(store, book)
    await store.close()
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error
  }
  return book
}

/** Reopens after the power cut, compares, goes on, and compares again after another one. */
async function checkAfterCut(cut: SimulatedDisk, book: AccountBook, setting: Setting): Promise<string[]> {
  const store = await open(cut, setting)
  const first = await book.contradictions(store)
  const next = new AccountBook()
  await next.change(store, ['1', '7'])
  const again = await open(cut.afterPowerCut({ names: 'flushed', content: 'flushed' }), setting)
  return [...first, ...(await next.contradictions(again))]
}

async function stepsOf(run: (disk: SimulatedDisk) => Promise<unknown>): Promise<number> {
  const disk = new SimulatedDisk()
  await run(disk)
  return disk.steps
}

const settings: [string, Setting][] = [
  ['commits', { compactAfterBytes: 1 << 20 }],
  ['commits and compactions', { compactAfterBytes: 1500 }],
  ['commits and as many compactions as there can be', { compactAfterBytes: 1 }],
]

describe.each(settings)('a power cut at any step of %s', (_, setting) => {
  it('G7: loses no answered change, whatever of the rest survives', { timeout: 60_000 }, async () => {
    const steps = await stepsOf((disk) => runUntilCut(disk, setting))
    const wrong: string[] = []
    for (let stopAt = 1; stopAt <= steps; stopAt += 1) {
      const disk = new SimulatedDisk()
      disk.stopAt = stopAt
      const book = await runUntilCut(disk, setting)
      for (const [loss, cut] of disk.afterAnyPowerCut()) {
        const found = await checkAfterCut(cut, book, setting)
        wrong.push(...found.map((text) => `step ${stopAt}, ${loss}: ${text}`))
      }
    }
    expect(wrong).toEqual([])
    expect(steps).toBeGreaterThan(50)
  })

  it('G7: loses nothing when the power is cut again while the store is recovering', { timeout: 60_000 }, async () => {
    const steps = await stepsOf((disk) => runUntilCut(disk, setting))
    const wrong: string[] = []
    for (let stopAt = 5; stopAt <= steps; stopAt += 7) {
      const disk = new SimulatedDisk()
      disk.stopAt = stopAt
      const book = await runUntilCut(disk, setting)
      for (const cut of disk.afterAnyPowerCut().values()) wrong.push(...(await cutWhileRecovering(cut, book, setting)))
    }
    expect(wrong).toEqual([])
  })
})

async function cutWhileRecovering(disk: SimulatedDisk, book: AccountBook, setting: Setting): Promise<string[]> {
  const wrong: string[] = []
  for (let stopAt = 1; ; stopAt += 1) {
    const recovering = disk.afterPowerCut({ names: 'all', content: 'all' })
    recovering.stopAt = stopAt
    const opened = await open(recovering, setting).catch((error: unknown) => error)
    if (!(opened instanceof PowerCut)) return wrong
    const again = await open(recovering.afterPowerCut({ names: 'flushed', content: 'torn' }), setting)
    wrong.push(...(await book.contradictions(again)))
  }
}

const troubles = (['ENOSPC', 'EIO', 'EROFS'] as const).flatMap((code) => [1, 2, 6].map((steps) => ({ code, steps })))

describe.each(troubles)('a disk that fails with $code for $steps steps', (trouble) => {
  it.each([
    ['commits', { compactAfterBytes: 1 << 20 }],
    ['commits and compactions', { compactAfterBytes: 1500 }],
  ])(
    'denies changes, keeps nothing of them, and recovers: at any step of %s',
    { timeout: 60_000 },
    async (_, setting) => {
      const wrong: string[] = []
      let denied = 0
      const steps = await stepsOf((disk) => runUntilCut(disk, setting))
      for (let from = 1; from <= steps; from += 1) {
        const { found, book } = await runInTrouble({ ...trouble, from }, setting)
        wrong.push(...found.map((text) => `step ${from}: ${text}`))
        denied += book.denied
      }
      expect(wrong).toEqual([])
      expect(denied).toBeGreaterThan(0)
    },
  )
})

describe.each(settings)('a power cut soon after the disk failed during %s', (_, setting) => {
  it('loses no answered change', { timeout: 60_000 }, async () => {
    const opening = await stepsOf((disk) => open(disk, setting))
    const steps = await stepsOf((disk) => runUntilCut(disk, setting))
    const wrong: string[] = []
    for (let from = opening + 1; from <= steps; from += 1) {
      for (const after of [1, 3, 6]) {
        const disk = new SimulatedDisk()
        disk.trouble = { code: 'EIO', from, steps: 6 }
        disk.stopAt = from + 6 + after
        const book = await runUntilCut(disk, setting)
        for (const [loss, cut] of disk.afterAnyPowerCut()) {
          const found = await book.contradictions(await open(cut, setting))
          wrong.push(...found.map((text) => `step ${from}+${after}, ${loss}: ${text}`))
        }
      }
    }
    expect(wrong).toEqual([])
  })
})

/** Runs the scenario on a store that was opened before the trouble; in the end only what was answered may be there. */
async function runInTrouble(trouble: Trouble, setting: Setting) {
  const disk = new SimulatedDisk()
  const book = new AccountBook()
  const store = await open(disk, setting)
  disk.trouble = { ...trouble, from: trouble.from + disk.steps }
  await changes(store, book)
  disk.trouble = undefined
  await store.transact((tx) => tx.accounts.put(sampleAccount('last')))
  const found = await book.contradictions(store, true)
  for (const content of ['flushed', 'all'] as const) {
    const again = await open(disk.afterPowerCut({ names: content, content }), setting)
    found.push(...(await book.contradictions(again, true)))
  }
  return { found, book }
}

it('shows readers nothing that is not on disk yet, and transactions everything', async () => {
  const disk = new SimulatedDisk()
  const store = await open(disk)
  const seen: unknown[] = []
  disk.beforeFlush = async () => {
    disk.beforeFlush = undefined
    seen.push(await store.read.accounts.get('1'))
    second = store.transact((tx) => tx.accounts.get('1'))
  }
  let second: Promise<unknown> | undefined
  await store.transact((tx) => tx.accounts.put(sampleAccount('1')))
  expect(seen).toEqual([undefined])
  expect(await second).toEqual(sampleAccount('1'))
  expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1'))
})

it.each(['all', 'flushed'] as const)(
  'cuts a denied change off at once: a power cut that keeps %s has none of it',
  async (content) => {
    for (const step of [1, 2]) {
      const disk = new SimulatedDisk()
      const store = await open(disk)
      const book = new AccountBook()
      await book.change(store, ['1'])
      disk.trouble = { code: 'EIO', from: disk.steps + step, steps: 1 }
      await book.change(store, ['1'])
      expect(book.denied).toBe(1)
      const again = await open(disk.afterPowerCut({ names: 'all', content }))
      expect(await book.contradictions(again, true)).toEqual([])
    }
  },
)

/** Reads the name of the account and adds to it. */
const append = (text: string) => async (tx: Transaction) => {
  const account = await tx.accounts.get('1')
  tx.accounts.put(sampleAccount('1', `${account?.name ?? ''}${text}`))
}

it('denies every transaction that may have read what is lost', async () => {
  const disk = new SimulatedDisk()
  const store = await open(disk)
  await store.transact(append('a'))
  let go: (() => void) | undefined
  const later: Promise<unknown>[] = []
  disk.beforeFlush = async () => {
    disk.beforeFlush = undefined
    disk.trouble = { code: 'EIO', from: disk.steps + 1, steps: 1 }
    later.push(
      store.transact(append('c')),
      store.transact((tx) => tx.accounts.get('1')),
    )
    later.push(store.transact((tx) => append('d')(tx).then(() => new Promise<void>((resolve) => (go = resolve)))))
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve() // until the last one waits
  }
  await expect(store.transact(append('b'))).rejects.toThrow(StoreUnavailableError)
  go?.()
  for (const outcome of await Promise.allSettled(later)) {
    expect(outcome).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailableError) })
  }
  await store.transact(append('e'))
  expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1', 'ae'))
})

it('takes a transaction of many lines whole or not at all', async () => {
  const disk = new SimulatedDisk()
  const store = await open(disk)
  const sns = Array.from({ length: 160 }, (_, at) => (at + 1).toString(16))
  const before = disk.contents('/data/journal-1.log')!.length
  await store.transact((tx) => {
    for (const sn of sns) tx.deviceCertificates.put(sampleDevice('ca-1', sn))
  })
  const whole = disk.contents('/data/journal-1.log')!
  const ends = [...whole.entries()].filter(([at, byte]) => at >= before && byte === 0x0a).map(([at]) => at + 1)
  expect(ends).toHaveLength(5)
  const counts = []
  for (const end of [before, ...ends]) {
    const torn = new SimulatedDisk(new Map(disk.paths().map((path) => [path, disk.contents(path)!])))
    torn.damage('/data/journal-1.log', whole.subarray(0, end))
    counts.push(await (await open(torn)).read.deviceCertificates.count('byCa', 'ca-1'))
  }
  expect(counts).toEqual([0, 0, 0, 0, 0, 160])
})
