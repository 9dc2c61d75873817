import { caKey, deviceKey } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { call } from '../testing/caller.ts'
import { registerCa, registerDevice } from '../testing/certificates.ts'
import { createWorld, instanceId } from '../testing/world.ts'

test('LIMITS A-22: a device certificate is deleted whatever its status; the second time it is not found', async () => {
  const world = await createWorld()
  const ca = await registerCa(world, 'first')
  const device = await registerDevice(world, ca, 'pump-1')
  const asked = { MqttInstanceId: instanceId, DeviceSn: device.sn, CaSn: ca.record.sn }
  expect(await call(world, 'DeleteDeviceCertificate', asked)).toMatchObject({
    status: 200,
    body: { DeviceSn: device.sn },
  })
  expect(await world.store.read.deviceCertificates.get(deviceKey(ca.record.id, device.sn))).toBeUndefined()
  expect(world.assumed).toEqual(['A-22'])
  expect((await call(world, 'DeleteDeviceCertificate', asked)).body.Code).toBe('FindDeviceBySnError')
})

test('a CA certificate is deleted in one commit, its devices are out of reach at once and its tombstone is left', async () => {
  const world = await createWorld()
  const ca = await registerCa(world, 'first')
  const device = await registerDevice(world, ca, 'pump-1')
  const commits: string[][] = []
  world.store.subscribe(({ collection, key }) => void commits.push([collection, key]))
  const asked = { MqttInstanceId: instanceId, Sn: ca.record.sn }
  expect((await call(world, 'DeleteCaCertificate', asked)).body).toEqual({
    RequestId: expect.any(String),
    Sn: ca.record.sn,
  })
  expect(commits.toSorted()).toEqual([
    ['caCertificates', caKey(instanceId, ca.record.sn)],
    ['caTombstones', ca.record.id],
  ])
  const list = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
  const empty = { Total: 0, PageNo: 1, PageSize: 10 }
  expect((await call(world, 'ListDeviceCertificate', list)).body.Data).toEqual({ ...empty, DeviceCertificateVOS: [] })
  expect((await call(world, 'ListCaCertificate', list)).body.Data).toEqual({ ...empty, CaCertificateVOS: [] })
  const gone = { ...asked, CaSn: ca.record.sn, DeviceSn: device.sn }
  expect((await call(world, 'GetDeviceCertificate', gone)).body.Code).toBe('FindDeviceBySnError')
  expect((await call(world, 'DeleteCaCertificate', asked)).body.Code).toBe('FindCaBySnError')
})
