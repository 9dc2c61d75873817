import { expect, it } from 'vitest'
import type { DeviceCertificate } from '@apsaramq/model'
import type { CollectionReader } from '../store.ts'
import { sampleAccount, sampleCa, sampleDevice } from '../testing/sample-records.ts'
import { put, withStore, type OpenedStore } from './opened-store.ts'

const devices = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => sampleDevice('ca-1', (from + at + 1).toString(16)))

/** Keys, groups, pages, counts, reset. */
export function describeCollections(open: () => Promise<OpenedStore>): void {
  it('lists a group in pages, oldest first', () =>
    withStore(open, async ({ store }) => {
      const all = devices(25)
      await put(store, 'deviceCertificates', ...all, sampleDevice('ca-2', '01'))
      const { deviceCertificates } = store.read
      expect(await deviceCertificates.list('byCa', 'ca-1', 0, 10)).toEqual({ total: 25, records: all.slice(0, 10) })
      expect(await deviceCertificates.list('byCa', 'ca-1', 20, 10)).toEqual({ total: 25, records: all.slice(20) })
      expect(await deviceCertificates.list('byCa', 'ca-1', 30, 10)).toEqual({ total: 25, records: [] })
      expect(await deviceCertificates.list('byCa', 'ca-3', 0, 10)).toEqual({ total: 0, records: [] })
      expect(await deviceCertificates.count('byCa', 'ca-2')).toBe(1)
    }))

  it('keeps the place of a record that changes, and gives a record that comes again the last', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'deviceCertificates', ...devices(3))
      const changed = sampleDevice('ca-1', '1', { status: 'inactive' })
      await put(store, 'deviceCertificates', changed)
      await store.transact((tx) => tx.deviceCertificates.delete('ca-1/2'))
      await put(store, 'deviceCertificates', sampleDevice('ca-1', '2'))
      const expected = [changed, sampleDevice('ca-1', '3'), sampleDevice('ca-1', '2')]
      expect(await store.read.deviceCertificates.list('byCa', 'ca-1', 0, 9)).toEqual({ total: 3, records: expected })
    }))

  it('moves a record to the group it now stands in', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'users', user('1', 'a'), user('2', 'b'))
      await put(store, 'users', user('1', 'b'))
      expect(await store.read.users.count('byAccount', 'a')).toBe(0)
      expect(await store.read.users.list('byAccount', 'b', 0, 9)).toEqual({
        total: 2,
        records: [user('1', 'b'), user('2', 'b')],
      })
    }))

  it('finds a CA by subject, by region and serial number, and by id', () =>
    withStore(open, async ({ store }) => {
      const ca = sampleCa('ca-1', { sn: '0A01' })
      await put(store, 'caCertificates', ca)
      const found = { total: 1, records: [ca] }
      expect(await store.read.caCertificates.get('post-cn-emulator001/a01')).toEqual(ca)
      expect(await store.read.caCertificates.list('bySubject', 'CN=ca-1', 0, 9)).toEqual(found)
      expect(await store.read.caCertificates.list('byRegionAndSn', 'cn-hangzhou/a01', 0, 9)).toEqual(found)
      expect(await store.read.caCertificates.list('byId', 'ca-1', 0, 9)).toEqual(found)
    }))

  it('counts and pages rightly under many insertions and deletions', () =>
    withStore(open, async ({ store }) => {
      let expected = devices(3000)
      await put(store, 'deviceCertificates', ...expected)
      for (let round = 0; round < 10; round += 1) {
        const gone = expected.filter((_, at) => (at * 7 + round) % 5 === 0)
        const come = devices(300, 10_000 + round * 1000)
        expected = [...expected.filter((device) => !gone.includes(device)), ...come]
        await store.transact(async (tx) => {
          for (const device of gone) tx.deviceCertificates.delete(`ca-1/${device.sn}`)
          for (const device of come) tx.deviceCertificates.put(device)
          await expectPages(tx.deviceCertificates, expected)
        })
        await expectPages(store.read.deviceCertificates, expected)
      }
    }))

  it('replaces everything by a reset and tells so once, not change by change', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'deviceCertificates', ...devices(5))
      await put(store, 'accounts', sampleAccount('1'))
      const told: string[] = []
      store.subscribe(({ seq, key }) => told.push(`${seq} ${key}`))
      store.onReset(() => told.push('reset'))
      await store.reset({ accounts: [sampleAccount('2')] })
      expect(told).toEqual(['reset'])
      expect(await store.read.accounts.get('1')).toBeUndefined()
      expect(await store.read.accounts.get('2')).toEqual(sampleAccount('2'))
      expect(await store.read.deviceCertificates.list('byCa', 'ca-1', 0, 9)).toEqual({ total: 0, records: [] })
      expect(await store.transact((tx) => tx.deviceCertificates.count('byCa', 'ca-1'))).toBe(0)
      await put(store, 'accounts', sampleAccount('3'))
      expect(told).toEqual(['reset', '7 3'])
    }))

  it('takes its turn with a reset among transactions', () =>
    withStore(open, async ({ store }) => {
      const before = put(store, 'accounts', sampleAccount('before'))
      const reset = store.reset({ accounts: [sampleAccount('seed')] })
      const after = put(store, 'accounts', sampleAccount('after'))
      await Promise.all([before, reset, after])
      const found = await Promise.all(['before', 'seed', 'after'].map((id) => store.read.accounts.get(id)))
      expect(found).toEqual([undefined, sampleAccount('seed'), sampleAccount('after')])
    }))

  it('is empty until something was written, and not after a reset to nothing', () =>
    withStore(open, async ({ store }) => {
      expect(store.isEmpty()).toBe(true)
      await store.transact((tx) => tx.accounts.get('1'))
      await store.transact((tx) => tx.accounts.delete('1'))
      expect(store.isEmpty()).toBe(true)
      await store.reset({})
      expect(store.isEmpty()).toBe(false)
    }))
}

async function expectPages(reader: CollectionReader<'deviceCertificates'>, expected: DeviceCertificate[]) {
  const total = expected.length
  expect(await reader.count('byCa', 'ca-1')).toBe(total)
  for (const offset of [0, 1, 511, 1023, 1024, 1500, total - 7, total]) {
    const page = await reader.list('byCa', 'ca-1', offset, 7)
    expect({ offset, ...page }).toEqual({ offset, total, records: expected.slice(offset, offset + 7) })
  }
}

function user(id: string, accountId: string) {
  return { id, accountId, name: id, policies: [] }
}
