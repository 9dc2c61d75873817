import { manualClock, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import { createMemoryStore, type Deletion, type Store } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { DeletedDevices } from './deleted-devices.ts'
import { holdReads } from './testing/held-store.ts'

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
  for (const device of records) await go(store, device)
}

async function go(store: Store, device: DeviceCertificate, deletion: Deletion = {}): Promise<void> {
  await store.transact((tx) => tx.deviceCertificates.put(device))
  await store.transact((tx) => tx.deviceCertificates.delete(`${device.caId}/${device.sn}`, deletion))
}

const by = { at: 1000, accessKeyId: 'LTAI', requestId: 'R-1' }

function caRecord(id: string): CaCertificate {
  return {
    id,
    instanceId: 'post-cn-first',
    regionId: 'cn-hangzhou',
    sn: '01',
    name: 'ca',
    status: 'active',
    certificate: '',
    verification: '',
    registerCode: '',
    fingerprint: 'print-of-ca',
    subject: 'CN=ca',
    validFrom: 0,
    validUntil: 1,
    registeredAt: 0,
    statusChange: null,
  }
}

const ca = caRecord('ca-1')
const device = (sn: string) => ({ sn, fingerprint: `print-${sn}` })

test('remembers a deleted registration, with its status, until it is asked for', async () => {
  const store = createMemoryStore()
  const deleted = new DeletedDevices(store, manualClock(1000))
  await comeAndGo(store, record('a', { status: 'inactive' }))
  expect(await deleted.recall(ca, { sn: 'a', fingerprint: 'print-b' })).toBeUndefined()
  const entry = { status: 'inactive', deletedAt: 1000, withCa: false, by: undefined }
  expect(await deleted.recall(ca, device('a'))).toEqual(entry)
  expect(await deleted.recall(ca, device('a'))).toBeUndefined()
})

test('forgets the one deleted first when there are too many', async () => {
  const store = createMemoryStore()
  const deleted = new DeletedDevices(store, manualClock(), 2)
  await comeAndGo(store, ...['a', 'b', 'a', 'c'].map((sn) => record(sn)))
  const found = await Promise.all(['a', 'b', 'c'].map((sn) => deleted.recall(ca, device(sn))))
  expect(found.map((entry) => entry !== undefined)).toEqual([true, false, true])
})

test('of what is purged with its CA it remembers the inactive ones, and nothing of before a reset', async () => {
  const store = createMemoryStore()
  const deleted = new DeletedDevices(store, manualClock())
  await go(store, record('a'), { withCa: true })
  await go(store, record('b', { caId: 'ca-2' }))
  await go(store, record('i', { status: 'inactive' }), { withCa: true })
  expect(await deleted.recall(ca, device('a'))).toBeUndefined()
  expect(await deleted.recall(ca, device('b'))).toMatchObject({ withCa: false })
  expect(await deleted.recall(ca, device('i'))).toMatchObject({ status: 'inactive', withCa: true })
  await comeAndGo(store, record('c', { caId: 'ca-2' }))
  await store.reset({})
  expect(await deleted.recall(ca, device('c'))).toBeUndefined()
})

test('finds an inactive registration that the purge of its CA has not reached yet', async () => {
  const store = createMemoryStore()
  const deleted = new DeletedDevices(store, manualClock())
  await store.transact((tx) => {
    tx.caCertificates.put(ca)
    tx.deviceCertificates.put(record('a', { status: 'inactive' }))
    tx.deviceCertificates.put(record('b'))
  })
  await store.transact((tx) => {
    tx.caCertificates.delete('post-cn-first/1', { by })
    tx.caTombstones.put({ caId: 'ca-1', deletedAt: by.at, by })
  })
  const again = caRecord('ca-2')
  expect(await deleted.recall(again, device('a'))).toEqual({ status: 'inactive', deletedAt: 1000, withCa: true, by })
  expect(await deleted.recall(again, device('b'))).toBeUndefined()
})

test('what is deleted again while it is asked for is remembered', async () => {
  const { store, next, release } = holdReads(createMemoryStore(), 'deviceCertificates')
  const deleted = new DeletedDevices(store, manualClock(5))
  await store.transact((tx) => tx.caCertificates.put(ca))
  await store.transact((tx) => tx.caCertificates.delete('post-cn-first/1', { by }))
  const held = next()
  const asking = deleted.recall(caRecord('ca-2'), device('a'))
  await held
  await comeAndGo(store, record('a', { caId: 'ca-2' }))
  release()
  expect(await asking).toBeUndefined()
  const entry = { status: 'active', deletedAt: 5, withCa: false, by: undefined }
  expect(await deleted.recall(caRecord('ca-2'), device('a'))).toEqual(entry)
})
