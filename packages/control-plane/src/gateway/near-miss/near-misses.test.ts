import { deviceKey } from '@apsaramq/model'
import { purgeDeletedCas } from '@apsaramq/store'
import { afterEach, expect, test, vi } from 'vitest'
import { call, errorBodyOf } from '../../testing/caller.ts'
import { registerCa, registerDevice } from '../../testing/certificates.ts'
import {
  createWorld,
  elsewhereId,
  instanceId,
  keys,
  otherId,
  regionId,
  secondId,
  type World,
} from '../../testing/world.ts'

afterEach(() => vi.restoreAllMocks())

const notFound = {
  FindDeviceBySnError: 'Failed to find the device certificate by the SN. Please check sn is valid',
  FindCaBySnError: 'Failed to find the CA by the SN. Please check sn is valid.',
}

/** Two CAs in the instance and one in another, each with a device. */
async function fleet() {
  const world = await createWorld()
  const first = await registerCa(world, 'first')
  const second = await registerCa(world, 'second')
  const third = await registerCa(world, 'third', secondId)
  const under = async (ca: typeof first, name: string) => ({ ca, device: await registerDevice(world, ca, name) })
  const [a, b, c] = [await under(first, 'a'), await under(second, 'b'), await under(third, 'c')]
  return { world, a, b, c }
}

async function logOf(world: World, action: string, parameters: Record<string, string>): Promise<string> {
  const answer = await call(world, action, { MqttInstanceId: instanceId, ...parameters })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  return world.log.at(-1)!.message
}

const nearMiss = (message: string) => message.split('; near miss: ')[1]

/** A digit of the middle, changed. */
function slip(sn: string, at = 7): string {
  return `${sn.slice(0, at)}${sn[at] === '0' ? '1' : '0'}${sn.slice(at + 1)}`
}

const colons = (sn: string) => sn.toUpperCase().match(/../g)!.join(':')

test('B8: a device under another CA, in another instance, or with its two serial numbers swapped is named', async () => {
  const { world, a, b, c } = await fleet()
  const of = (ca: string, sn: string) => logOf(world, 'GetDeviceCertificate', { CaSn: ca, DeviceSn: sn })
  const [x, y, z] = [a.device, b.device, c.device]
  expect(nearMiss(await of(y.caSn, x.sn))).toBe(
    `DeviceSn is that of device certificate ${x.sn} under CA ${x.caSn} of ${instanceId}`,
  )
  expect(nearMiss(await of(z.caSn, z.sn))).toBe(
    `DeviceSn is that of device certificate ${z.sn} under CA ${z.caSn} of ${secondId}`,
  )
  expect(nearMiss(await of(x.sn, x.caSn))).toBe(
    `CaSn and DeviceSn are swapped: they are those of device certificate ${x.sn} under CA ${x.caSn} of ${instanceId}`,
  )
  expect(nearMiss(await of(x.caSn, y.caSn))).toBe(`DeviceSn is that of CA certificate ${y.caSn} of ${instanceId}`)
})

test('B8: a decimal number, colons, 0x and a slip of the finger are seen through', async () => {
  const { world, a, b } = await fleet()
  const { sn, caSn } = a.device
  const device = `device certificate ${sn} under CA ${caSn} of ${instanceId}`
  const of = (ca: string, asked: string) => logOf(world, 'InactivateDeviceCertificate', { CaSn: ca, DeviceSn: asked })
  expect(nearMiss(await of(caSn, BigInt(`0x${sn}`).toString()))).toBe(
    `DeviceSn read as a decimal number is that of ${device}`,
  )
  for (const written of [colons(sn), `0x${sn}`, ` ${sn}`]) {
    expect(nearMiss(await of(caSn, written))).toBe(
      `DeviceSn read without 0x, colons, dashes and spaces is that of ${device}`,
    )
  }
  expect(nearMiss(await of(caSn, slip(sn)))).toBe(`one digit away from ${device}`)
  expect(nearMiss(await of(caSn, slip(slip(sn), 11)))).toBe(`2 digits away from ${device}`)
  expect(nearMiss(await of(slip(caSn), slip(sn)))).toBe(`one digit away from CA certificate ${caSn} of ${instanceId}`)
  expect(nearMiss(await of(caSn, slip(slip(slip(sn), 11), 13)))).toBeUndefined()
  expect(nearMiss(await of(b.device.caSn, 'ab'))).toBeUndefined()
})

test('B8: a CA of another instance, spelled otherwise, a slip away, or a device taken for one is named', async () => {
  const { world, a, c } = await fleet()
  const of = (sn: string) => logOf(world, 'GetCaCertificate', { Sn: sn })
  const { caSn } = a.device
  expect(nearMiss(await of(c.device.caSn))).toBe(`Sn is that of CA certificate ${c.device.caSn} of ${secondId}`)
  expect(nearMiss(await of(BigInt(`0x${caSn}`).toString()))).toBe(
    `Sn read as a decimal number is that of CA certificate ${caSn} of ${instanceId}`,
  )
  expect(nearMiss(await of(slip(caSn)))).toBe(`one digit away from CA certificate ${caSn} of ${instanceId}`)
  expect(nearMiss(await of(a.device.sn))).toBe(
    `Sn is that of device certificate ${a.device.sn} under CA ${caSn} of ${instanceId}`,
  )
})

/** Purges the devices of deleted CAs to the last. */
async function purgeAll({ store, clock }: World): Promise<void> {
  const done = new Promise<void>((resolve) => {
    store.subscribe(({ collection, after }) => {
      if (collection === 'caTombstones' && !after) resolve()
    })
  })
  const purge = purgeDeletedCas(store, { clock })
  await done
  purge.stop()
}

test('B8: what was deleted is told from a slip, also when a purge has deleted thousands since', async () => {
  const { world, a, b } = await fleet()
  const at = new Date(world.clock.now()).toISOString()
  const device = { CaSn: a.device.caSn, DeviceSn: a.device.sn }
  await call(world, 'DeleteDeviceCertificate', { MqttInstanceId: instanceId, ...device })
  const many = Array.from({ length: 1500 }, (_, number) => ({ ...b.device, sn: `ff${number.toString(16)}` }))
  await world.store.transact((tx) => many.forEach((one) => tx.deviceCertificates.put(one)))
  await call(world, 'DeleteCaCertificate', { MqttInstanceId: instanceId, Sn: b.device.caSn })
  await purgeAll(world)
  expect(nearMiss(await logOf(world, 'GetDeviceCertificate', device))).toBe(
    `this device certificate was deleted at ${at}`,
  )
  expect(nearMiss(await logOf(world, 'GetCaCertificate', { Sn: b.device.caSn }))).toBe(
    `this CA certificate was deleted at ${at}`,
  )
  world.plane.reset()
  expect(nearMiss(await logOf(world, 'GetDeviceCertificate', device))).toBeUndefined()
})

test('B8: of deleted certificates the last thousand are remembered', async () => {
  const { world, a } = await fleet()
  const { caId, caSn } = a.device
  const many = Array.from({ length: 1001 }, (_, number) => ({ ...a.device, sn: `ff${number.toString(16)}00ff00ff` }))
  await world.store.transact((tx) => many.forEach((one) => tx.deviceCertificates.put(one)))
  await world.store.transact((tx) => many.forEach((one) => tx.deviceCertificates.delete(deviceKey(caId, one.sn))))
  const told = (sn: string) => logOf(world, 'GetDeviceCertificate', { CaSn: caSn, DeviceSn: sn }).then(nearMiss)
  expect(await told(many[0]!.sn)).toBeUndefined()
  expect(await told(many[1]!.sn)).toMatch(/^this device certificate was deleted at /)
})

test.each([
  [
    'of another region',
    elsewhereId,
    `it is an instance ${elsewhereId} of cn-beijing, and this is the endpoint of ${regionId}`,
  ],
  ['in another case', instanceId.toUpperCase(), `spelled as it is: instance ${instanceId} of ${regionId}`],
  ['by its host name', `${instanceId}.mqtt.aliyuncs.com`, `spelled as it is: instance ${instanceId} of ${regionId}`],
  ['with a letter too many', 'post-cn-tests001', `the account has instance ${instanceId} of ${regionId}`],
  ['that is nowhere near', 'post-cn-0pp12gl0000', undefined],
  ['that is endless', 'p'.repeat(5000), undefined],
])('B8: an instance %s', async (_what, id, near) => {
  const world = await createWorld()
  expect(nearMiss(await logOf(world, 'GetRegisterCode', { MqttInstanceId: id }))).toBe(near)
})

test("B8: to a stranger no other account's instance is near, but the log says whose it is not", async () => {
  const world = await createWorld()
  const own = {
    id: 'post-cn-test00x',
    accountId: otherId,
    regionId,
    name: 'own',
    edition: 'platinum',
    tls: 'mutual',
  } as const
  await world.store.transact((tx) => tx.instances.put({ ...own, createdAt: 0 }))
  await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId }, { key: keys.other })
  expect(world.log.at(-1)!.message).toBe(
    `GetRegisterCode was refused: ${instanceId} does not belong to account ${otherId}; ` +
      `near miss: the account has instance post-cn-test00x of ${regionId}`,
  )
})

test.each([
  ['ActivateDeviceCertificate', 'the operation is ActiveDeviceCertificate'],
  ['listcacertificate', 'the operation is ListCaCertificate'],
  ['CloseConection', 'the operation is CloseConnection'],
  ['RegisterCA', undefined],
  ['constructor', undefined],
])('B8: an operation that is called %s', async (action, near) => {
  const world = await createWorld()
  expect(nearMiss(await logOf(world, action, {}))).toBe(near)
})

test('B8: a page number that fails its check is no serial number written otherwise', async () => {
  const { world, c } = await fleet()
  const parameters = { CaSn: c.device.caSn, PageNo: '0', PageSize: '1' }
  expect(nearMiss(await logOf(world, 'ListDeviceCertificateByCaSn', parameters))).toBeUndefined()
})

test('B8: the answer is the documented one, whatever comes close', async () => {
  const { world, a, b } = await fleet()
  const device = { MqttInstanceId: instanceId, CaSn: b.device.caSn, DeviceSn: a.device.sn }
  const answer = await call(world, 'GetDeviceCertificate', device)
  expect(answer.status).toBe(500)
  expect(answer.body).toEqual(errorBodyOf(answer, 'FindDeviceBySnError', notFound.FindDeviceBySnError))
})

test('B8: a search that fails changes nothing but the log', async () => {
  const { world } = await fleet()
  vi.spyOn(world.store.read.caCertificates, 'list').mockRejectedValue(new Error('the store is gone'))
  const answer = await call(world, 'GetCaCertificate', { MqttInstanceId: instanceId, Sn: 'abcdef' })
  expect([answer.status, answer.body]).toEqual([500, errorBodyOf(answer, 'FindCaBySnError', notFound.FindCaBySnError)])
  expect(nearMiss(world.log.at(-1)!.message)).toBe('not searched for: Error: the store is gone')
})

test('B8: a flood of refusals is no flood of searches: devices are read for some fifty of them a second', async () => {
  const { world, a } = await fleet()
  const list = vi.spyOn(world.store.read.deviceCertificates, 'list')
  const refuse = () => logOf(world, 'GetDeviceCertificate', { CaSn: a.device.caSn, DeviceSn: slip(a.device.sn) })
  for (let count = 0; count < 200; count += 1) await refuse()
  expect(list.mock.calls.length).toBeGreaterThan(40)
  expect(list.mock.calls.length).toBeLessThanOrEqual(50)
  expect(nearMiss(await refuse())).toBeUndefined()
  world.clock.advance(1000)
  expect(nearMiss(await refuse())).toMatch(/^one digit away from /)
})

test('B8: what is found is never looked for', async () => {
  const { world, a } = await fleet()
  const list = vi.spyOn(world.store.read.caCertificates, 'list')
  const { caSn, sn } = a.device
  await call(world, 'GetDeviceCertificate', { MqttInstanceId: instanceId, CaSn: caSn, DeviceSn: sn })
  await call(world, 'GetDeviceCertificate', { MqttInstanceId: instanceId, CaSn: caSn, DeviceSn: '' })
  expect(list).not.toHaveBeenCalled()
})
