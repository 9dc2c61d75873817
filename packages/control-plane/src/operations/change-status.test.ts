import { caKey, deviceKey } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { call, errorBodyOf } from '../testing/caller.ts'
import { registerCa, registerDevice } from '../testing/certificates.ts'
import { createWorld, instanceId, keys } from '../testing/world.ts'

async function oneDevice() {
  const world = await createWorld()
  const ca = await registerCa(world, 'first')
  const device = await registerDevice(world, ca, 'pump-1')
  const asked = { MqttInstanceId: instanceId, DeviceSn: device.sn, CaSn: ca.record.sn }
  const stored = () => world.store.read.deviceCertificates.get(deviceKey(ca.record.id, device.sn))
  return { world, ca, device, asked, stored }
}

test('C3: a device certificate is inactivated and activated, and the record says by whom, when and in which request', async () => {
  const { world, device, asked, stored } = await oneDevice()
  for (const [action, status] of [
    ['InactivateDeviceCertificate', 'inactive'],
    ['ActiveDeviceCertificate', 'active'],
  ] as const) {
    world.clock.advance(1000)
    const answer = await call(world, action, asked)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ RequestId: expect.any(String), DeviceSn: device.sn })
    expect(await stored()).toEqual({
      ...device,
      status,
      statusChange: { at: world.clock.now(), accessKeyId: keys.owner.id, requestId: answer.body.RequestId },
    })
  }
  expect(world.assumed).toEqual([])
})

test('LIMITS A-07: the status it has already is a success that changes nothing', async () => {
  const { world, device, asked, stored } = await oneDevice()
  const changes: unknown[] = []
  world.store.subscribe((change) => void changes.push(change))
  const answer = await call(world, 'ActiveDeviceCertificate', asked)
  expect(answer.body).toEqual({ RequestId: expect.any(String), DeviceSn: device.sn })
  expect([changes, await stored(), world.assumed]).toEqual([[], device, ['A-07']])
})

test('LIMITS A-08: a serial number is found in any case, with or without leading zeros, and shown as it is', async () => {
  const { world, device, ca, asked } = await oneDevice()
  const respelled = { DeviceSn: `000${device.sn.toUpperCase()}`, CaSn: ca.record.sn.toUpperCase().replace(/^0+/, '') }
  const answer = await call(world, 'InactivateDeviceCertificate', { ...asked, ...respelled })
  expect(answer.body).toEqual({ RequestId: expect.any(String), DeviceSn: device.sn })
  expect(world.assumed).toContain('A-08')
})

test('LIMITS A-30: what a page documents as GET is taken by POST, in query and form, and that is told', async () => {
  const { world, device: registered, asked } = await oneDevice()
  for (const placement of ['query', 'form'] as const) {
    world.assumed.length = 0
    const dialect = { signature: 'V3', method: 'POST', placement } as const
    const answer = await call(world, 'GetDeviceCertificate', asked, { dialect })
    expect(answer.body.Data).toMatchObject({ DeviceSn: registered.sn })
    expect(world.assumed).toEqual(['A-30', 'A-21'])
  }
})

test('a CA certificate is inactivated and activated without touching its devices', async () => {
  const { world, ca, device, stored } = await oneDevice()
  const asked = { MqttInstanceId: instanceId, Sn: ca.record.sn }
  for (const [action, status] of [
    ['InactivateCaCertificate', 'inactive'],
    ['ActiveCaCertificate', 'active'],
    ['ActiveCaCertificate', 'active'],
  ] as const) {
    const answer = await call(world, action, asked)
    expect(answer.body).toEqual({ RequestId: expect.any(String), Sn: ca.record.sn })
    expect(await world.store.read.caCertificates.get(caKey(instanceId, ca.record.sn))).toMatchObject({ status })
  }
  expect([await stored(), world.assumed]).toEqual([device, ['A-07']])
})

const device = { CaSn: 'CA', DeviceSn: 'DEVICE' }
const message = {
  FindDeviceBySnError: 'Failed to find the device certificate by the SN. Please check sn is valid',
  FindCaBySnError: 'Failed to find the CA by the SN. Please check sn is valid.',
}

test.each([
  ['InactivateDeviceCertificate', 'FindDeviceBySnError', { ...device, DeviceSn: 'ffff' }, 'device-not-found'],
  ['InactivateDeviceCertificate', 'FindDeviceBySnError', { ...device, CaSn: 'ffff' }, 'ca-not-found'],
  ['InactivateDeviceCertificate', 'FindDeviceBySnError', { ...device, CaSn: 'OTHER-CA' }, 'device-not-found'],
  ['ActiveDeviceCertificate', 'FindDeviceBySnError', { ...device, DeviceSn: 'ffff' }, 'device-not-found'],
  ['GetDeviceCertificate', 'FindDeviceBySnError', { ...device, DeviceSn: 'ffff' }, 'device-not-found'],
  ['DeleteDeviceCertificate', 'FindDeviceBySnError', { ...device, DeviceSn: 'ffff' }, 'device-not-found'],
  ['ListDeviceCertificateByCaSn', 'FindDeviceBySnError', { CaSn: 'ffff', PageNo: '1', PageSize: '1' }, 'ca-not-found'],
  ['InactivateCaCertificate', 'FindCaBySnError', { Sn: 'ffff' }, 'ca-not-found'],
  ['ActiveCaCertificate', 'FindCaBySnError', { Sn: 'ffff' }, 'ca-not-found'],
  ['GetCaCertificate', 'FindCaBySnError', { Sn: 'ffff' }, 'ca-not-found'],
  ['DeleteCaCertificate', 'FindCaBySnError', { Sn: 'ffff' }, 'ca-not-found'],
] as const)('B4: %s answers %s for %j', async (action, code, asked, cause) => {
  const { world, ca, device: registered } = await oneDevice()
  const other = await registerCa(world, 'other')
  const spelled = { CA: ca.record.sn, DEVICE: registered.sn, 'OTHER-CA': other.record.sn } as Record<string, string>
  const parameters = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, spelled[value] ?? value]))
  const answer = await call(world, action, { MqttInstanceId: instanceId, ...parameters })
  expect(answer.status).toBe(500)
  expect(answer.body).toEqual(errorBodyOf(answer, code, message[code]))
  expect(world.log).toEqual([expect.objectContaining({ code, cause, status: 500 })])
  expect(world.assumed).toContain(code === 'FindDeviceBySnError' && cause === 'ca-not-found' ? 'A-17' : 'A-10')
})
