import { createMemoryStore } from '@apsaramq/store'
import { afterEach, describe, expect, test } from 'vitest'
import type { MqttClient } from 'mqtt'
import type { Admitted, Connection } from './connection.ts'
import { followSessionStates } from './session-state.ts'
import { SessionIndex } from './sessions.ts'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { closeOf, mqttClient } from './testing/clients.ts'
import { createMemoryLog } from './testing/memory-log.ts'
import { comeBack, leave, otherClient, subscribe } from './testing/persistent-client.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@persistent'

const newSpeaker = () => otherClient(fixture, 'speaker')
const subscribed = (device: TestDevice) => subscribe(fixture, device, clientId)
const back = (device: TestDevice, by: MqttClient) => comeBack(fixture, device, clientId, by)

const kept = { sessionPresent: true, waited: ['demo/queued'] }
const nothing = { sessionPresent: false, waited: [] }

describe('C8: a persistent session and its queue', () => {
  test('stay after an inactivation', async () => {
    fixture = await startBroker()
    const by = await newSpeaker()
    const device = await fixture.makeDevice()
    const end = closeOf(await subscribed(device))
    await fixture.setDeviceStatus(device, 'inactive')
    await end
    await by.publishAsync('demo/queued', '', { qos: 1 })
    await fixture.setDeviceStatus(device, 'active')
    expect(await back(device, by)).toEqual(kept)
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-77')).toEqual([])
  })

  test('go when the record of the device is deleted', async () => {
    fixture = await startBroker()
    const by = await newSpeaker()
    const device = await fixture.makeDevice()
    await leave(fixture, await subscribed(device))
    await by.publishAsync('demo/queued', '', { qos: 1 })
    await fixture.deleteDevice(device)
    expect(fixture.log.find({ kind: 'warn' })).toEqual([
      {
        plane: 'mqtt',
        kind: 'warn',
        message: `the persistent session of ${clientId} was forgotten, with subscriptions and queue: the record of its device certificate was deleted`,
        instanceId: 'post-cn-first',
        clientId,
        deviceSn: device.sn,
      },
    ])
    await by.publishAsync('demo/queued', '', { qos: 1 })
    expect(await back(device, by)).toEqual(nothing)
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-77')).toEqual([{ id: 'A-77', about: device.sn }])
  })

  test('go when it is deleted while connected, and its connection with it', async () => {
    fixture = await startBroker()
    const by = await newSpeaker()
    const device = await fixture.makeDevice()
    const end = closeOf(await subscribed(device))
    await fixture.deleteDevice(device)
    await end
    await by.publishAsync('demo/queued', '', { qos: 1 })
    expect(await back(device, by)).toEqual(nothing)
  })

  test('go when the CA is deleted, of every client under it', async () => {
    fixture = await startBroker()
    const other = await fixture.makeCa()
    await fixture.registerCa(other)
    const by = await mqttClient(fixture, await fixture.makeDevice({ ca: other }), { clientId: 'GID_demo@@@speaker' })
    const device = await fixture.makeDevice()
    await leave(fixture, await subscribed(device))
    const second = { clientId: 'GID_demo@@@second', clean: false }
    await leave(fixture, await mqttClient(fixture, await fixture.makeDevice(), second))
    await by.publishAsync('demo/queued', '', { qos: 1 })
    await fixture.deleteCa(fixture.ca)
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([
      { message: expect.stringMatching(/^the persistent sessions of 2 clients were forgotten/) },
    ])
    await fixture.registerCa({ ...fixture.ca, record: { ...fixture.ca.record, id: 'ca-again' } })
    expect(await back(device, by)).toEqual(nothing)
  })

  test('stay where the client id has come with another certificate since', async () => {
    fixture = await startBroker()
    const by = await newSpeaker()
    const [first, second] = [await fixture.makeDevice(), await fixture.makeDevice()]
    await leave(fixture, await subscribed(first))
    await leave(fixture, await mqttClient(fixture, second, { clientId, clean: false }))
    await by.publishAsync('demo/queued', '', { qos: 1 })
    await fixture.deleteDevice(first)
    expect(await back(second, by)).toEqual(kept)
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-77')).toEqual([])
  })

  test('of a client that stays connected go when its connection ends', async () => {
    fixture = await startBroker({ liveSessions: { kind: 'keep' } })
    const by = await newSpeaker()
    const device = await fixture.makeDevice()
    const client = await subscribed(device)
    await fixture.deleteDevice(device)
    const heard = new Promise((resolve) => client.once('message', (topic) => resolve(topic)))
    await by.publishAsync('demo/queued', '', { qos: 1 })
    expect(await heard).toBe('demo/queued')
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-77')).toEqual([])
    await leave(fixture, client)
    await fixture.log.waitFor({ kind: 'warn' })
    await by.publishAsync('demo/queued', '', { qos: 1 })
    expect(await back(device, by)).toEqual(nothing)
  })

  test.each([
    [false, kept],
    [true, nothing],
  ])('of MQTT 5 that has not expired: its record deleted %s', async (isDeleted, expected) => {
    fixture = await startBroker()
    const by = await newSpeaker()
    const device = await fixture.makeDevice()
    const of5 = { protocolVersion: 5 as const, properties: { sessionExpiryInterval: 600 } }
    await leave(fixture, await subscribe(fixture, device, clientId, of5))
    await by.publishAsync('demo/queued', '', { qos: 1 })
    if (isDeleted) await fixture.deleteDevice(device)
    expect(await back(device, by)).toEqual(expected)
  })

  test('that was ended by a clean one is nothing to forget', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await leave(fixture, await subscribed(device))
    await leave(fixture, await mqttClient(fixture, device, { clientId, clean: true }))
    await fixture.deleteDevice(device)
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-77')).toEqual([])
  })
})

function follow(capacity: number) {
  const [store, log, index] = [createMemoryStore(), createMemoryLog(), new SessionIndex()]
  const forgotten: string[] = []
  const failures = new Set<string>()
  const hubs = {
    async forget(_: string, id: string) {
      if (failures.has(id)) throw new Error('no memory')
      forgotten.push(id)
    },
  }
  const stop = followSessionStates({ store, log, assume: log.assume, index, hubs }, capacity)
  /** A session that comes and ends. */
  function comeAndGo(id: string, key = 'ca-1/01'): void {
    const session = { id, instanceId: 'post-cn-first', clientId: id, caId: 'ca-1', deviceSn: '01' }
    const admitted = { session, instanceId: session.instanceId, deviceKey: key, clean: false } as Admitted
    const connection = { id, stage: 'live', identity: undefined } as Connection
    index.add(connection)
    index.admit(connection, admitted)
    store.sessions.put(admitted.session)
    index.remove(connection)
    store.sessions.delete(id)
  }
  const record = {
    caId: 'ca-1',
    sn: '01',
    caSn: '01',
    instanceId: 'post-cn-first',
    fingerprint: 'f',
    status: 'active',
  }
  async function deleteRecord(): Promise<void> {
    await store.transact((tx) => tx.deviceCertificates.put(record as never)) // only its key matters
    await store.transact((tx) => tx.deviceCertificates.delete('ca-1/1'))
  }
  return { store, log, forgotten, failures, comeAndGo, deleteRecord, stop }
}

describe('what is known of persistent sessions', () => {
  test('is bounded: the client that came first is not known any more', async () => {
    const { comeAndGo, deleteRecord, forgotten, stop, store } = follow(2)
    for (const id of ['one', 'two', 'three']) comeAndGo(id, 'ca-1/1')
    await deleteRecord()
    expect(forgotten).toEqual(['two', 'three'])
    stop()
    await store.close()
  })

  test('ends with a reset of the store, and with the broker', async () => {
    const { comeAndGo, deleteRecord, forgotten, stop, store } = follow(10)
    comeAndGo('before', 'ca-1/1')
    await store.reset({})
    await deleteRecord()
    comeAndGo('later', 'ca-1/1')
    stop()
    await deleteRecord()
    expect(forgotten).toEqual([])
    await store.close()
  })

  test('is told in the log where a session could not be forgotten', async () => {
    const { comeAndGo, deleteRecord, failures, log, stop, store } = follow(10)
    comeAndGo('stubborn', 'ca-1/1')
    failures.add('stubborn')
    await deleteRecord()
    expect(await log.waitFor({ cause: 'internal-error' })).toMatchObject({
      message: 'the session of stubborn could not be forgotten: no memory',
    })
    stop()
    await store.close()
  })
})
