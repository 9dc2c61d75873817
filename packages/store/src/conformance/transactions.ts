import { expect, it } from 'vitest'
import type { Transaction } from '../store.ts'
import { StoreUnavailableError } from '../store.ts'
import { sampleAccount, sampleDevice } from '../testing/sample-records.ts'
import { put, withStore, type OpenedStore } from './opened-store.ts'

/** Rollback, order, isolation. */
export function describeTransactions(open: () => Promise<OpenedStore>): void {
  it('resolves with the result of the work', () =>
    withStore(open, async ({ store }) => {
      expect(await store.transact(() => 'now')).toBe('now')
      expect(await store.transact(async () => 'later')).toBe('later')
    }))

  it('leaves nothing of a transaction that throws, and rejects with what was thrown', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'accounts', sampleAccount('1', 'before'))
      const thrown = new Error('no')
      const seen: unknown[] = []
      store.subscribe((change) => seen.push(change))
      const failing = store.transact(async (tx) => {
        tx.accounts.put(sampleAccount('1', 'after'))
        tx.accounts.put(sampleAccount('2'))
        tx.accounts.delete('1')
        await tx.accounts.get('2')
        throw thrown
      })
      await expect(failing).rejects.toBe(thrown)
      expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1', 'before'))
      expect(await store.read.accounts.get('2')).toBeUndefined()
      expect(await store.transact((tx) => tx.accounts.get('1'))).toEqual(sampleAccount('1', 'before'))
      expect(seen).toEqual([])
    }))

  it('rolls back to what an earlier transaction is still writing', () =>
    withStore(open, async ({ store }) => {
      const first = put(store, 'accounts', sampleAccount('1', 'first'))
      const second = store.transact((tx) => {
        tx.accounts.put(sampleAccount('1', 'second'))
        throw new Error('no')
      })
      const third = store.transact((tx) => tx.accounts.get('1'))
      await expect(second).rejects.toThrow('no')
      expect(await third).toEqual(sampleAccount('1', 'first'))
      await first
      expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1', 'first'))
    }))

  it('runs transactions one at a time, in the order of the calls', () =>
    withStore(open, async ({ store }) => {
      const steps: string[] = []
      const work = (name: string) => async (tx: Transaction) => {
        steps.push(`${name} begins`)
        await tx.accounts.get('1')
        await Promise.resolve()
        steps.push(`${name} ends`)
      }
      await Promise.all([store.transact(work('a')), store.transact(work('b')), store.transact(work('c'))])
      expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    }))

  it('loses no increment of a thousand at once', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'accounts', sampleAccount('1', '0'))
      const increment = () =>
        store.transact(async (tx) => {
          const account = await tx.accounts.get('1')
          tx.accounts.put({ ...account!, name: String(Number(account!.name) + 1) })
          return account!.name
        })
      const results = await Promise.all(Array.from({ length: 1000 }, increment))
      expect(results).toEqual(Array.from({ length: 1000 }, (_, at) => String(at)))
      expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1', '1000'))
    }))

  it('shows a transaction its own writes', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'deviceCertificates', sampleDevice('ca-1', '01'))
      await store.transact(async (tx) => {
        const devices = tx.deviceCertificates
        devices.put(sampleDevice('ca-1', '02'))
        devices.put(sampleDevice('ca-1', '01', { status: 'inactive' }))
        expect(await devices.list('byCa', 'ca-1', 0, 10)).toEqual({
          total: 2,
          records: [sampleDevice('ca-1', '01', { status: 'inactive' }), sampleDevice('ca-1', '02')],
        })
        devices.delete('ca-1/1')
        expect(await devices.get('ca-1/1')).toBeUndefined()
        expect(await devices.count('byCa', 'ca-1')).toBe(1)
        expect(await devices.list('byCa', 'ca-1', 0, 10)).toEqual({ total: 1, records: [sampleDevice('ca-1', '02')] })
      })
    }))

  it('shows readers nothing before it is committed', () =>
    withStore(open, async ({ store }) => {
      await store.transact(async (tx) => {
        tx.deviceCertificates.put(sampleDevice('ca-1', '01'))
        expect(await store.read.deviceCertificates.get('ca-1/1')).toBeUndefined()
        expect(await store.read.deviceCertificates.count('byCa', 'ca-1')).toBe(0)
      })
      expect(await store.read.deviceCertificates.get('ca-1/1')).toEqual(sampleDevice('ca-1', '01'))
    }))

  it('refuses a transaction that is used after it ended', () =>
    withStore(open, async ({ store }) => {
      let kept: Transaction | undefined
      await store.transact((tx) => void (kept = tx))
      expect(() => kept?.accounts.put(sampleAccount('1'))).toThrow('the transaction has ended')
      await expect(kept?.accounts.get('1')).rejects.toThrow('the transaction has ended')
    }))

  it('completes what is under way when it is closed, and refuses what comes after', () =>
    withStore(open, async ({ store }) => {
      const under = put(store, 'accounts', sampleAccount('1'))
      const closing = store.close()
      const late = put(store, 'accounts', sampleAccount('2'))
      await expect(late).rejects.toThrow(StoreUnavailableError)
      await under
      await closing
      await store.close()
    }))
}
