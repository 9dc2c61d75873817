import { setImmediate as nextTurn } from 'node:timers/promises'
import { manualClock } from '@apsaramq/model'
import { expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import { purgeDeletedCas } from './purge.ts'
import type { Store } from './store.ts'
import { sampleCa, sampleDevice } from './testing/sample-records.ts'

async function storeWithDevices(): Promise<Store> {
  const store = createMemoryStore()
  await store.transact((tx) => {
    for (const ca of ['ca-1', 'ca-2']) {
      tx.caCertificates.put(sampleCa(ca, { sn: ca.at(-1)! }))
      for (let sn = 1; sn <= 25; sn += 1) tx.deviceCertificates.put(sampleDevice(ca, sn.toString(16)))
    }
  })
  return store
}

function deleteCa(store: Store, caId: string) {
  return store.transact((tx) => {
    tx.caCertificates.delete(`post-cn-emulator001/${caId.at(-1)}`)
    tx.caTombstones.put({ caId, deletedAt: 0, by: { at: 0, accessKeyId: 'LTAI', requestId: 'R-1' } })
  })
}

function purged(store: Store, caId: string): Promise<void> {
  return new Promise((resolve) => {
    const leave = store.subscribe(({ collection, key, after }) => {
      if (collection !== 'caTombstones' || key !== caId || after) return
      leave()
      resolve()
    })
  })
}

const left = async (store: Store) =>
  Promise.all(['ca-1', 'ca-2'].map((caId) => store.read.deviceCertificates.count('byCa', caId)))

it('purges the devices of a CA that was deleted before it started, and then the tombstone', async () => {
  const store = await storeWithDevices()
  await deleteCa(store, 'ca-1')
  const done = purged(store, 'ca-1')
  const told = new Set<string>()
  store.subscribe(({ collection, after, by, withCa }) => {
    if (collection === 'deviceCertificates' && !after) told.add(JSON.stringify([withCa, by?.requestId]))
  })
  const purge = purgeDeletedCas(store, { clock: manualClock(), sliceSize: 10 })
  await done
  expect([...told]).toEqual([JSON.stringify([true, 'R-1'])]) // nobody takes them for devices that were deleted one by one
  expect(await left(store)).toEqual([0, 25])
  expect(await store.read.caTombstones.count('all', '')).toBe(0)
  purge.stop()
})

it('begins when a CA is deleted while it stands by, in slices of the size given', async () => {
  const store = await storeWithDevices()
  const purge = purgeDeletedCas(store, { clock: manualClock(), sliceSize: 10 })
  const remaining: number[] = []
  store.subscribe(({ collection }) => {
    if (collection === 'deviceCertificates') void left(store).then(([count]) => remaining.push(count!))
  })
  const done = [purged(store, 'ca-1'), purged(store, 'ca-2')]
  await Promise.all([deleteCa(store, 'ca-1'), deleteCa(store, 'ca-2')])
  await Promise.all(done)
  await nextTurn()
  expect(await left(store)).toEqual([0, 0])
  expect([...new Set(remaining)]).toEqual([15, 5, 0])
  purge.stop()
})

it('holds up nobody: what others ask for meanwhile is done between two slices', async () => {
  const store = await storeWithDevices()
  const seen: string[] = []
  let asked: Promise<void> | undefined
  store.subscribe(({ collection, key, after }) => {
    if (collection === 'deviceCertificates') seen.push(after ? 'changed' : 'purged')
    if (collection !== 'deviceCertificates' || asked || !key.startsWith('ca-1')) return
    asked = store.transact((tx) => tx.deviceCertificates.put({ ...sampleDevice('ca-2', '1'), status: 'inactive' }))
  })
  const done = purged(store, 'ca-1')
  const purge = purgeDeletedCas(store, { clock: manualClock(), sliceSize: 5 })
  await deleteCa(store, 'ca-1')
  await done
  await asked
  const at = seen.indexOf('changed')
  expect(seen).toHaveLength(26)
  expect(at).toBeLessThanOrEqual(10) // the slice under way when it was asked for, and one that was queued before it
  expect(at % 5).toBe(0)
  purge.stop()
})

it('does nothing more once it was stopped, and another goes on where it was', async () => {
  const store = await storeWithDevices()
  await deleteCa(store, 'ca-1')
  const purge = purgeDeletedCas(store, { clock: manualClock(), sliceSize: 10 })
  await new Promise<void>((resolve) => {
    const leave = store.subscribe(() => {
      leave()
      purge.stop()
      resolve()
    })
  })
  for (let turn = 0; turn < 5; turn += 1) await nextTurn()
  expect(await left(store)).toEqual([15, 25])
  const done = purged(store, 'ca-1')
  const next = purgeDeletedCas(store, { clock: manualClock() })
  await done
  expect(await left(store)).toEqual([0, 25])
  next.stop()
})

it('says that a slice failed, and tries it again a second later', async () => {
  const store = await storeWithDevices()
  await deleteCa(store, 'ca-1')
  const clock = manualClock()
  const troubles: string[] = []
  const failingOnce: Store = Object.assign(Object.create(store) as Store, {
    read: store.read,
    subscribe: store.subscribe.bind(store),
    onReset: store.onReset.bind(store),
    transact: async () => {
      failingOnce.transact = store.transact.bind(store)
      throw new Error('the disk is full')
    },
  })
  const purge = purgeDeletedCas(failingOnce, { clock, onTrouble: (message) => troubles.push(message) })
  while (troubles.length === 0) await nextTurn()
  expect(troubles).toEqual(['device certificates of a deleted CA could not be purged yet: Error: the disk is full'])
  expect(await left(store)).toEqual([25, 25])
  const done = purged(store, 'ca-1')
  clock.advance(1000)
  await done
  expect(await left(store)).toEqual([0, 25])
  purge.stop()
})
