import { expect, it } from 'vitest'
import { StoreUnavailableError, type Change, type Store } from '../store.ts'
import { sampleAccount, sampleDevice, sampleSession } from '../testing/sample-records.ts'
import { put, withStore, type OpenedStore } from './opened-store.ts'

/** What a driver with a disk does besides; nothing is asked of one without. */
export function describeDurability(open: () => Promise<OpenedStore>): void {
  it('has all records, their order and the numbering after it was reopened', () => reopened(open, checkReopened))
  it('has what was there after a reset when reopened', () => reopened(open, checkReset))
  it('G7: answers no change as done while writes fail, keeps nothing of it, and recovers', () =>
    withStore(open, checkFailingDisk))
}

async function reopened(
  open: () => Promise<OpenedStore>,
  check: (store: Store, next: () => Promise<Store>) => Promise<void>,
) {
  await withStore(open, async ({ store, reopen }) => {
    const later: Store[] = []
    const next = async () => {
      await (later.at(-1) ?? store).close()
      later.push(await reopen!())
      return later.at(-1)!
    }
    if (reopen) await check(store, next).finally(() => later.at(-1)?.close())
  })
}

async function checkReopened(store: Store, next: () => Promise<Store>) {
  await put(store, 'deviceCertificates', ...['1', '2', '3'].map((sn) => sampleDevice('ca-1', sn)))
  await put(store, 'deviceCertificates', sampleDevice('ca-1', '1', { status: 'inactive' }))
  await store.transact((tx) => tx.deviceCertificates.delete('ca-1/2'))
  await put(store, 'deviceCertificates', sampleDevice('ca-1', '2'))
  store.sessions.put(sampleSession('s-1'))
  const second = await next()
  const expected = [
    sampleDevice('ca-1', '1', { status: 'inactive' }),
    sampleDevice('ca-1', '3'),
    sampleDevice('ca-1', '2'),
  ]
  expect(await second.read.deviceCertificates.list('byCa', 'ca-1', 0, 9)).toEqual({ total: 3, records: expected })
  expect(second.sessions.count()).toBe(0)
  expect(second.isEmpty()).toBe(false)
  const changes: Change[] = []
  second.subscribe((change) => changes.push(change))
  await put(second, 'accounts', sampleAccount('1'))
  expect(changes.map(({ seq }) => seq)).toEqual([7])
  expect(await (await next()).read.accounts.get('1')).toEqual(sampleAccount('1'))
}

async function checkReset(store: Store, next: () => Promise<Store>) {
  await put(store, 'accounts', sampleAccount('1'))
  await store.reset({ accounts: [sampleAccount('2')], deviceCertificates: [sampleDevice('ca-1', '1')] })
  await put(store, 'accounts', sampleAccount('3'))
  const second = await next()
  const found = await Promise.all(['1', '2', '3'].map((id) => second.read.accounts.get(id)))
  expect(found).toEqual([undefined, sampleAccount('2'), sampleAccount('3')])
  expect(await second.read.deviceCertificates.count('byCa', 'ca-1')).toBe(1)
}

async function checkFailingDisk({ store, failWrites, reopen }: OpenedStore) {
  if (!failWrites || !reopen) return
  await put(store, 'accounts', sampleAccount('1', 'before'))
  const changes: Change[] = []
  store.subscribe((change) => changes.push(change))
  failWrites(true)
  const attempts = ['a', 'b', 'c'].map((name) => put(store, 'accounts', sampleAccount('1', name), sampleAccount(name)))
  const read = store.transact((tx) => tx.accounts.get('1'))
  for (const outcome of await Promise.allSettled([...attempts, read])) {
    expect(outcome).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailableError) })
  }
  await expect(store.reset({})).rejects.toThrow(StoreUnavailableError)
  expect(await store.transact((tx) => tx.accounts.get('1'))).toEqual(sampleAccount('1', 'before'))
  expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1', 'before'))
  expect(changes).toEqual([])
  failWrites(false)
  await put(store, 'accounts', sampleAccount('d'))
  expect(changes.map(({ seq, key }) => [seq, key])).toEqual([[2, 'd']])
  await store.close()
  const second = await reopen()
  const found = await Promise.all(['1', 'a', 'b', 'c', 'd'].map((id) => second.read.accounts.get(id)))
  await second.close()
  expect(found).toEqual([sampleAccount('1', 'before'), undefined, undefined, undefined, sampleAccount('d')])
}
