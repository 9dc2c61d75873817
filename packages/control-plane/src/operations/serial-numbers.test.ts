import { deviceKey, caKey } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { call } from '../testing/caller.ts'
import { registerCa, registerDevice } from '../testing/certificates.ts'
import { createWorld, instanceId } from '../testing/world.ts'

const spellings: [string, (sn: string) => string][] = [
  ['as it is shown', (sn) => sn],
  ['in upper case', (sn) => sn.toUpperCase()],
  ['without leading zeros', (sn) => sn.replace(/^0+/, '')],
  ['with more leading zeros', (sn) => sn.padStart(128, '0')],
]

const device = ['DeviceSn', 'CaSn']
const page = { PageNo: '1', PageSize: '1' }

/** Each operation that takes serial numbers, and where its answer shows the one it found. */
const operations: [string, string[], (body: Record<string, unknown>) => unknown][] = [
  ['GetCaCertificate', ['Sn'], ({ Data }) => (Data as { Sn: string }).Sn],
  ['InactivateCaCertificate', ['Sn'], ({ Sn }) => Sn],
  ['ActiveCaCertificate', ['Sn'], ({ Sn }) => Sn],
  ['GetDeviceCertificate', device, ({ Data }) => (Data as { DeviceSn: string }).DeviceSn],
  ['InactivateDeviceCertificate', device, ({ DeviceSn }) => DeviceSn],
  ['ActiveDeviceCertificate', device, ({ DeviceSn }) => DeviceSn],
  [
    'ListDeviceCertificateByCaSn',
    ['CaSn'],
    ({ Data }) => (Data as { DeviceCertificateVOS: { DeviceSn: string }[] }).DeviceCertificateVOS[0]?.DeviceSn,
  ],
  ['DeleteDeviceCertificate', device, ({ DeviceSn }) => DeviceSn],
  ['DeleteCaCertificate', ['Sn'], ({ Sn }) => Sn],
]

test.each(spellings)(
  'LIMITS A-08: every operation finds a serial number %s, and shows it as the certificate has it',
  async (_, respell) => {
    const world = await createWorld()
    const ca = await registerCa(world, 'factory')
    const { sn } = await registerDevice(world, ca, 'pump-1')
    const caSn = ca.record.sn
    const asked: Record<string, string> = { Sn: respell(caSn), CaSn: respell(caSn), DeviceSn: respell(sn) }
    for (const [action, names, shownBy] of operations) {
      world.assumed.length = 0
      const numbers = Object.fromEntries(names.map((name) => [name, asked[name]!]))
      const { body } = await call(world, action, { MqttInstanceId: instanceId, ...numbers, ...page })
      const isRespelled = names.some((name) => asked[name] !== (name === 'DeviceSn' ? sn : caSn))
      expect([action, shownBy(body)]).toEqual([action, names[0] === 'Sn' ? caSn : sn])
      expect([action, world.assumed.includes('A-08')]).toEqual([action, isRespelled])
    }
    expect(await world.store.read.caCertificates.get(caKey(instanceId, caSn))).toBeUndefined()
    expect(await world.store.read.deviceCertificates.get(deviceKey(ca.record.id, sn))).toBeUndefined()
  },
)
