import { expect, it } from 'vitest'
import type { Change } from '../store.ts'
import { sampleAccount, sampleDevice } from '../testing/sample-records.ts'
import { put, withStore, type OpenedStore } from './opened-store.ts'

/** The change feed. */
export function describeFeed(open: () => Promise<OpenedStore>): void {
  it('publishes what came, changed and went, numbered without a gap', () =>
    withStore(open, async ({ store }) => {
      const changes: Change[] = []
      store.subscribe((change) => changes.push(change))
      const active = sampleDevice('ca-1', '01')
      const inactive = sampleDevice('ca-1', '01', { status: 'inactive' })
      await put(store, 'deviceCertificates', active)
      await put(store, 'deviceCertificates', inactive)
      await store.transact((tx) => {
        tx.accounts.put(sampleAccount('1'))
        tx.deviceCertificates.delete('ca-1/1')
      })
      const device = { collection: 'deviceCertificates', key: 'ca-1/1' }
      expect(changes).toEqual([
        { seq: 1, ...device, before: undefined, after: active },
        { seq: 2, ...device, before: active, after: inactive },
        { seq: 3, collection: 'accounts', key: '1', before: undefined, after: sampleAccount('1') },
        { seq: 4, ...device, before: inactive, after: undefined },
      ])
    }))

  it('publishes several writes of a record in one transaction as one change', () =>
    withStore(open, async ({ store }) => {
      const changes: Change[] = []
      await put(store, 'accounts', sampleAccount('1', 'first'))
      store.subscribe((change) => changes.push(change))
      await store.transact((tx) => {
        tx.accounts.put(sampleAccount('1', 'second'))
        tx.accounts.delete('1')
        tx.accounts.put(sampleAccount('1', 'third'))
        tx.accounts.put(sampleAccount('2'))
        tx.accounts.delete('2')
      })
      const [before, after] = [sampleAccount('1', 'first'), sampleAccount('1', 'third')]
      expect(changes).toEqual([{ seq: 2, collection: 'accounts', key: '1', before, after }])
    }))

  it('tells which call deleted a record, and of no other change', () =>
    withStore(open, async ({ store }) => {
      const by = { at: 5, accessKeyId: 'LTAI', requestId: 'R-1' }
      await put(store, 'accounts', sampleAccount('1'))
      await put(store, 'accounts', sampleAccount('2'))
      const changes: [string, unknown][] = []
      store.subscribe((change) => changes.push([change.key, change.by]))
      await store.transact((tx) => {
        tx.accounts.delete('1', { by })
        tx.accounts.put(sampleAccount('2', 'second'))
        tx.accounts.delete('2', { by })
        tx.accounts.put(sampleAccount('2', 'third'))
        tx.accounts.put(sampleAccount('3'))
      })
      await store.transact((tx) => tx.accounts.delete('3'))
      expect(changes).toEqual([
        ['1', by],
        ['2', undefined],
        ['3', undefined],
        ['3', undefined],
      ])
    }))

  it('publishes nothing for a record that is put as it is, or deleted where there is none', () =>
    withStore(open, async ({ store }) => {
      await put(store, 'accounts', sampleAccount('1'))
      const changes: Change[] = []
      store.subscribe((change) => changes.push(change))
      await store.transact(async (tx) => {
        tx.accounts.put((await tx.accounts.get('1'))!)
        tx.accounts.delete('2')
      })
      expect(changes).toEqual([])
    }))

  it('has told every subscriber before the transaction resolves, when readers see the change', () =>
    withStore(open, async ({ store }) => {
      const steps: string[] = []
      const read: Promise<unknown>[] = []
      store.subscribe(() => {
        steps.push('told')
        read.push(store.read.accounts.get('1'))
      })
      await put(store, 'accounts', sampleAccount('1')).then(() => steps.push('resolved'))
      expect(steps).toEqual(['told', 'resolved'])
      expect(await Promise.all(read)).toEqual([sampleAccount('1')])
    }))

  it('publishes concurrent commits in order, and resolves each after its own changes', () =>
    withStore(open, async ({ store }) => {
      const steps: string[] = []
      store.subscribe(({ seq, key }) => steps.push(`${seq} ${key}`))
      const commit = async (id: string) => {
        await put(store, 'accounts', sampleAccount(id))
        expect(steps).toContain(`${id} ${id}`)
      }
      const ids = Array.from({ length: 200 }, (_, at) => String(at + 1))
      await Promise.all(ids.map(commit))
      expect(steps).toEqual(ids.map((id) => `${id} ${id}`))
    }))

  it('keeps the order for every subscriber when one of them begins a transaction', () =>
    withStore(open, async ({ store }) => {
      const seen: number[] = []
      const nested: Promise<void>[] = []
      store.subscribe(({ key }) => {
        if (key === '1') nested.push(put(store, 'accounts', sampleAccount('nested')))
      })
      store.subscribe(({ seq }) => seen.push(seq))
      await store.transact((tx) => {
        tx.accounts.put(sampleAccount('1'))
        tx.accounts.put(sampleAccount('2'))
      })
      await Promise.all(nested)
      expect(seen).toEqual([1, 2, 3])
    }))

  it('tells a subscriber nothing more after it has left', () =>
    withStore(open, async ({ store }) => {
      const seen: number[] = []
      const leave = store.subscribe(({ seq }) => seen.push(seq))
      await put(store, 'accounts', sampleAccount('1'))
      leave()
      await put(store, 'accounts', sampleAccount('2'))
      expect(seen).toEqual([1])
    }))

  it('rejects with what a subscriber throws, has told the others, and goes on', () =>
    withStore(open, async ({ store }) => {
      const seen: number[] = []
      const leave = store.subscribe(() => {
        throw new Error('a bug')
      })
      store.subscribe(({ seq }) => seen.push(seq))
      const failing = store.transact((tx) => {
        tx.accounts.put(sampleAccount('1'))
        tx.accounts.put(sampleAccount('2'))
      })
      await expect(failing).rejects.toThrow('a bug')
      leave()
      await put(store, 'accounts', sampleAccount('3'))
      expect(seen).toEqual([1, 2, 3])
      expect(await store.read.accounts.get('1')).toEqual(sampleAccount('1'))
    }))
}
