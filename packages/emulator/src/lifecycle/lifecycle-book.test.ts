import {
  deviceKey,
  manualClock,
  type CaCertificate,
  type DeviceCertificate,
  type LogEntryInput,
  type StatusChange,
} from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { createRecorder } from '../recorder.ts'
import { livesOf } from './certificate-life.ts'
import { LifecycleBook } from './lifecycle-book.ts'

const deviceOf = (sn: string): DeviceCertificate => ({
  caId: 'ca',
  instanceId: 'i',
  caSn: '0a',
  sn,
  name: '',
  status: 'active',
  certificate: '',
  fingerprint: `f-${sn}`,
  validFrom: 0,
  validUntil: Number.MAX_SAFE_INTEGER,
  registeredAt: 0,
  statusChange: null,
})

const ca: CaCertificate = {
  ...deviceOf('0a'),
  id: 'ca',
  regionId: 'r',
  verification: '',
  registerCode: '',
  subject: '',
}

async function stage(capacity?: number) {
  const clock = manualClock(1_000)
  const recorder = createRecorder(clock, () => undefined)
  const store = createMemoryStore()
  await store.reset({ caCertificates: [ca] })
  const lifecycles = new LifecycleBook(store, recorder, clock, capacity)
  const connection = (kind: LogEntryInput['kind'], sn: string, more: Partial<LogEntryInput> = {}) =>
    recorder.write({
      plane: 'mqtt',
      kind,
      message: '',
      instanceId: 'i',
      caSn: '0a',
      deviceSn: sn,
      fingerprint: `f-${sn}`,
      ...more,
    })
  const register = (sn: string) => store.transact((tx) => tx.deviceCertificates.put(deviceOf(sn)))
  const by = (requestId: string): StatusChange => ({ at: clock.now(), accessKeyId: 'AK', requestId })
  const setStatus = (sn: string, status: 'active' | 'inactive', requestId: string) =>
    store.transact((tx) => tx.deviceCertificates.put({ ...deviceOf(sn), status, statusChange: by(requestId) }))
  const answer = (requestId: string) => recorder.write({ plane: 'api', kind: 'call', message: '', requestId })
  const remove = (sn: string, requestId: string) =>
    store.transact((tx) => tx.deviceCertificates.delete(deviceKey('ca', sn), { by: by(requestId) }))
  const life = async (sn: string) => (await livesOf({ store, lifecycles }, { sn, now: clock.now() }))[0]
  return { clock, lifecycles, connection, register, setStatus, answer, remove, life }
}

test('the life of a device is told from its registration to its resurrection, with who did what by which call', async () => {
  const { clock, connection, register, setStatus, answer, remove, life } = await stage()
  await register('01')
  connection('connect', '01', { clientId: 'c' })
  clock.advance(100)
  await setStatus('01', 'inactive', 'R1')
  connection('drop', '01', { cause: 'device-inactive', requestId: 'R1' })
  clock.advance(2)
  answer('R1')
  for (let at = 0; at < 3; at += 1) {
    clock.advance(10)
    connection('refuse', '01', { cause: 'device-inactive', requestId: 'R1' })
  }
  await setStatus('01', 'active', 'R2')
  clock.advance(5)
  connection('connect', '01', { clientId: 'c' })
  await remove('01', 'R3')
  await register('01')

  const { status, timeline } = (await life('1'))!
  expect(status).toBe('active')
  expect(timeline.lost).toBe(0)
  expect(
    timeline.events.map(({ what, count, by, cause, afterAnswerMs, afterActivationMs, statusBefore }) =>
      [what, count, by?.requestId, cause, afterAnswerMs, afterActivationMs, statusBefore].filter(
        (fact) => fact !== undefined,
      ),
    ),
  ).toEqual([
    ['registered', 1],
    ['connected', 1],
    ['inactivated', 1, 'R1'],
    ['dropped', 1, 'device-inactive', -2],
    ['refused', 3, 'device-inactive'],
    ['activated', 1, 'R2'],
    ['recovered', 1, 5],
    ['deleted', 1, 'R3'],
    ['resurrected', 1, 'active'],
  ])
})

test('a certificate that was never registered is known by its refusals', async () => {
  const { connection, life } = await stage()
  connection('refuse', '02', { cause: 'ca-unknown' })
  expect(await life('02')).toMatchObject({ status: 'never-registered', record: null, sn: '02' })
})

test('a flood of others pushes out no certificate whose status was changed, and of one forgotten the record tells', async () => {
  const { connection, register, setStatus, life, lifecycles } = await stage(10)
  await register('01')
  await register('02')
  await setStatus('01', 'inactive', 'R1')
  for (let at = 0; at < 100; at += 1) connection('refuse', (0x100 + at).toString(16), { cause: 'ca-unknown' })
  const told = async (sn: string) => (await life(sn))!.timeline.events.map(({ what }) => what)
  expect(await told('01')).toEqual(['registered', 'inactivated'])
  expect(await told('02')).toEqual(['registered'])
  expect(lifecycles.find('02')).toEqual([])
  expect(lifecycles.extent.forgotten).toBeGreaterThan(80)
})

test('a device that is refused for days keeps who inactivated it, and says how much was left out', async () => {
  const { connection, register, setStatus, life } = await stage()
  await register('01')
  await setStatus('01', 'inactive', 'R1')
  for (let at = 0; at < 200; at += 1) {
    connection('refuse', '01', { cause: at % 2 === 0 ? 'device-inactive' : 'certificate-expired' })
  }
  const { timeline } = (await life('01'))!
  expect(timeline.events.slice(0, 2).map(({ what, by }) => [what, by?.requestId])).toEqual([
    ['registered', undefined],
    ['inactivated', 'R1'],
  ])
  expect(timeline.lost + timeline.events.length).toBe(202)
})
