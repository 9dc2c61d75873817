import { manualClock, type DeviceCertificate } from '@apsaramq/model'
import { createMemoryStore, type Store } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { createDeletedDevices } from './deleted-devices.ts'

function record(sn: string, more: Partial<DeviceCertificate> = {}): DeviceCertificate {
  return {
    caId: 'ca-1',
    instanceId: 'post-cn-first',
    caSn: '01',
    sn,
    name: 'device',
    status: 'active',
    certificate: '',
    fingerprint: `print-${sn}`,
    validFrom: 0,
    validUntil: 1,
    registeredAt: 0,
    statusChange: null,
    ...more,
  }
}

/** Enters records and deletes them, one commit each. */
async function comeAndGo(store: Store, ...records: DeviceCertificate[]): Promise<void> {
  for (const device of records) {
    await store.transact((tx) => tx.deviceCertificates.put(device))
    await store.transact((tx) => tx.deviceCertificates.delete(`${device.caId}/${device.sn}`))
  }
}

test('remembers a deleted registration, with its status, until it is asked for', async () => {
  const store = createMemoryStore()
  const deleted = createDeletedDevices(store, manualClock(1000))
  await comeAndGo(store, record('a', { status: 'inactive' }))
  expect(deleted.take('ca-1/a', 'print-b')).toBeUndefined()
  expect(deleted.take('ca-1/a', 'print-a')).toEqual({ status: 'inactive', deletedAt: 1000 })
  expect(deleted.take('ca-1/a', 'print-a')).toBeUndefined()
})

test('forgets the one deleted first when there are too many', async () => {
  const store = createMemoryStore()
  const deleted = createDeletedDevices(store, manualClock(), 2)
  await comeAndGo(store, ...['a', 'b', 'a', 'c'].map((sn) => record(sn)))
  expect(['a', 'b', 'c'].map((sn) => deleted.take(`ca-1/${sn}`, `print-${sn}`) !== undefined)).toEqual([
    true,
    false,
    true,
  ])
})

test('does not remember what is purged with its CA, and nothing of before a reset', async () => {
  const store = createMemoryStore()
  const deleted = createDeletedDevices(store, manualClock())
  await store.transact((tx) => tx.caTombstones.put({ caId: 'ca-1', deletedAt: 0 }))
  await comeAndGo(store, record('a'), record('b', { caId: 'ca-2' }))
  expect(deleted.take('ca-1/a', 'print-a')).toBeUndefined()
  expect(deleted.take('ca-2/b', 'print-b')).toBeDefined()
  await comeAndGo(store, record('c', { caId: 'ca-2' }))
  await store.reset({})
  expect(deleted.take('ca-2/c', 'print-c')).toBeUndefined()
})
