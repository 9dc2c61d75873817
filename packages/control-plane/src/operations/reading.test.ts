import { pemFromBase64Der } from '@apsaramq/pki'
import { expect, test } from 'vitest'
import { call } from '../testing/caller.ts'
import { registerCa, registerDevice } from '../testing/certificates.ts'
import { createWorld, instanceId, secondId } from '../testing/world.ts'

async function fleet() {
  const world = await createWorld()
  const first = await registerCa(world, 'first')
  const second = await registerCa(world, 'second')
  const elsewhere = await registerCa(world, 'elsewhere', secondId)
  await registerDevice(world, elsewhere, 'stranger')
  const late = await registerDevice(world, second, 's-1')
  const devices = [await registerDevice(world, first, 'f-1'), await registerDevice(world, first, 'f-2'), late]
  const list = async (action: string, page: object) =>
    (await call(world, action, { MqttInstanceId: instanceId, ...page })).body.Data as Record<string, unknown>
  return { world, first, second, devices, list }
}

test('a device certificate is shown with strings only, its status as a digit, its times in milliseconds', async () => {
  const { world, first, devices } = await fleet()
  const [device] = devices
  const asked = { MqttInstanceId: instanceId, CaSn: first.record.sn, DeviceSn: device!.sn }
  expect((await call(world, 'GetDeviceCertificate', asked)).body).toEqual({
    RequestId: expect.any(String),
    Data: {
      CaSn: first.record.sn,
      DeviceSn: device!.sn,
      DeviceName: 'f-1',
      DeviceContent: pemFromBase64Der(device!.certificate),
      ValidBegin: String(device!.validFrom),
      ValidEnd: String(device!.validUntil),
      Status: '1',
    },
  })
  await call(world, 'InactivateDeviceCertificate', asked)
  expect((await call(world, 'GetDeviceCertificate', asked)).body.Data).toMatchObject({ Status: '0' })
})

test('a CA certificate is shown with its register code, both certificates and its validity', async () => {
  const { world, first } = await fleet()
  expect((await call(world, 'GetCaCertificate', { MqttInstanceId: instanceId, Sn: first.record.sn })).body).toEqual({
    RequestId: expect.any(String),
    Data: {
      RegistrationCode: 'code-of-the-seed',
      CaName: 'first',
      Sn: first.record.sn,
      CaContent: first.ca.certificate,
      VerificationContent: first.ca.certificate,
      ValidBegin: String(first.record.validFrom),
      ValidEnd: String(first.record.validUntil),
      Status: '1',
    },
  })
})

const names = (data: Record<string, unknown>, key: string, field: string) => ({
  ...data,
  [key]: (data[key] as Record<string, string>[]).map((record) => record[field]),
})

test('LIMITS A-19: lists are in the order of registration, CA by CA, Total counts the records', async () => {
  const { first, second, devices, list } = await fleet()
  const devicesOn = async (PageNo: string, PageSize: string) =>
    names(await list('ListDeviceCertificate', { PageNo, PageSize }), 'DeviceCertificateVOS', 'DeviceSn')
  const [one, two, three] = devices.map(({ sn }) => sn)
  expect(await devicesOn('1', '2')).toEqual({ Total: 3, PageNo: 1, PageSize: 2, DeviceCertificateVOS: [one, two] })
  expect(await devicesOn('2', '2')).toEqual({ Total: 3, PageNo: 2, PageSize: 2, DeviceCertificateVOS: [three] })
  expect(await devicesOn('3', '1')).toEqual({ Total: 3, PageNo: 3, PageSize: 1, DeviceCertificateVOS: [three] })
  expect(await devicesOn('1', '100')).toEqual({
    Total: 3,
    PageNo: 1,
    PageSize: 100,
    DeviceCertificateVOS: [one, two, three],
  })
  expect(await devicesOn('9', '100')).toEqual({ Total: 3, PageNo: 9, PageSize: 100, DeviceCertificateVOS: [] })

  const byCa = await list('ListDeviceCertificateByCaSn', { CaSn: first.record.sn, PageNo: '2', PageSize: '1' })
  expect(names(byCa, 'DeviceCertificateVOS', 'DeviceSn')).toEqual({
    Total: 2,
    PageNo: 2,
    PageSize: 1,
    DeviceCertificateVOS: [two],
  })
  const cas = await list('ListCaCertificate', { PageNo: '1', PageSize: '10' })
  expect(names(cas, 'CaCertificateVOS', 'Sn')).toEqual({
    Total: 2,
    PageNo: 1,
    PageSize: 10,
    CaCertificateVOS: [first.record.sn, second.record.sn],
  })
})

test.each([
  [{ PageSize: '10' }, 400],
  [{ PageNo: '', PageSize: '10' }, 400],
  [{ PageNo: '0', PageSize: '10' }, 500],
  [{ PageNo: '-1', PageSize: '10' }, 500],
  [{ PageNo: '1.5', PageSize: '10' }, 500],
  [{ PageNo: 'one', PageSize: '10' }, 500],
  [{ PageNo: '9'.repeat(10), PageSize: '10' }, 500],
  [{ PageNo: '1', PageSize: '0' }, 500],
  [{ PageNo: '1', PageSize: '101' }, 500],
  [{ PageNo: '1', PageSize: '1e1' }, 500],
])('B4: ParameterFieldCheckFailed for the page %j is %d, in each list', async (page, status) => {
  const world = await createWorld()
  for (const action of ['ListCaCertificate', 'ListDeviceCertificate', 'ListDeviceCertificateByCaSn']) {
    const answer = await call(world, action, { MqttInstanceId: instanceId, CaSn: '0b', ...page } as Record<
      string,
      string
    >)
    expect([answer.status, answer.body.Code]).toEqual([status, 'ParameterFieldCheckFailed'])
  }
})
