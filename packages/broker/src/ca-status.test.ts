import { afterEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestCa, type TestDevice } from './testing/broker-fixture.ts'
import { closeOf, mqttClient, tryMqtt } from './testing/clients.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const perCa = 10

async function fleetOf(ca: TestCa, name: string) {
  const devices = await Promise.all(Array.from({ length: perCa }, () => fixture.makeDevice({ ca })))
  const clients = await Promise.all(devices.map((device, at) => mqttClient(fixture, device, clientOf(name, at))))
  return { devices, clients }
}

function clientOf(name: string, at: number) {
  return { clientId: `GID_demo@@@${name}-${at}`, connectTimeout: 120_000 }
}

async function twoFleets() {
  const other = await fixture.makeCa()
  await fixture.registerCa(other)
  return { own: await fleetOf(fixture.ca, 'own'), other: await fleetOf(other, 'other') }
}

const liveSns = () => fixture.store.sessions.list('all').map(({ deviceSn }) => deviceSn)
const snsOf = ({ devices }: { devices: TestDevice[] }) => devices.map(({ sn }) => sn)

describe('C9: inactivating one of two CAs', () => {
  test('as documented, leaves the live sessions of both and lets registered devices come back, with a warning', async () => {
    fixture = await startBroker()
    const { own, other } = await twoFleets()
    await fixture.setCaStatus(fixture.ca, 'inactive')
    expect(new Set(liveSns())).toEqual(new Set([...snsOf(own), ...snsOf(other)]))
    await Promise.all(own.clients.map((client) => client.endAsync()))
    await Promise.all(own.devices.map((device, at) => mqttClient(fixture, device, clientOf('back', at))))
    expect(fixture.log.find({ kind: 'warn' })).toHaveLength(perCa)
    expect(fixture.log.find({ kind: 'drop' })).toEqual([])
  })

  test('strictly, ends the live sessions under it and no other, and refuses every device under it', async () => {
    fixture = await startBroker({ caStatus: 'strict' })
    const { own, other } = await twoFleets()
    const ends = own.clients.map(closeOf)
    const { requestId, accessKeyId, at } = await fixture.setCaStatus(fixture.ca, 'inactive')
    expect(new Set(liveSns())).toEqual(new Set(snsOf(other)))
    await Promise.all(ends)
    const since = `since ${new Date(at).toISOString()} by access key LTAItest, request ${requestId}`
    const message = `CA ${fixture.ca.record.sn} is inactive ${since}, which is applied strictly`
    expect(fixture.log.find({ kind: 'drop' })).toHaveLength(perCa)
    for (const entry of fixture.log.find({ kind: 'drop' }))
      expect(entry).toMatchObject({ cause: 'ca-inactive', message, requestId, accessKeyId })
    for (const sn of snsOf(own)) expect(fixture.log.assumed).toContainEqual({ id: 'A-03', about: sn })

    for (const [index, device] of own.devices.entries())
      expect(await tryMqtt(fixture, device, clientOf('own', index))).toMatchObject({ connected: false })
    expect(await tryMqtt(fixture, await fixture.makeDevice())).toMatchObject({ connected: false })
    const refusals = fixture.log.find({ kind: 'refuse' })
    expect(refusals.map(({ cause }) => cause)).toEqual(Array.from({ length: perCa + 1 }, () => 'ca-inactive'))
    expect(refusals[0]!.message).toMatch(/is registered and active, but CA .* which is applied strictly$/)
    expect(refusals.at(-1)!.message).toMatch(/is not registered and CA .*, request R-1$/)

    await fixture.setCaStatus(fixture.ca, 'active')
    await Promise.all(own.devices.map((device, index) => mqttClient(fixture, device, clientOf('own', index))))
    expect(fixture.store.sessions.count()).toBe(perCa * 2)
  })

  test('strictly and kept, leaves live sessions alone and refuses the next connection', async () => {
    fixture = await startBroker({ caStatus: 'strict', liveSessions: { kind: 'keep' } })
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    await fixture.setCaStatus(fixture.ca, 'inactive')
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.store.sessions.count()).toBe(1)
    expect(await tryMqtt(fixture, device, clientOf('again', 0))).toMatchObject({ connected: false })
  })

  test('strictly and delayed, asks again when the delay is over', async () => {
    fixture = await startBroker({ caStatus: 'strict', liveSessions: { kind: 'delay', delayMs: 1000 } })
    const client = await mqttClient(fixture, await fixture.makeDevice())
    await fixture.setCaStatus(fixture.ca, 'inactive')
    await fixture.setCaStatus(fixture.ca, 'active')
    fixture.clock.advance(1000)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    await fixture.setCaStatus(fixture.ca, 'inactive')
    const end = closeOf(client)
    fixture.clock.advance(1000)
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'ca-inactive' }])
  })
})

test.each(['documented', 'strict'] as const)(
  'C9: deleting one of two CAs ends the live sessions under it and no other, %s',
  async (caStatus) => {
    fixture = await startBroker({ caStatus })
    const { own, other } = await twoFleets()
    const ends = own.clients.map(closeOf)
    await fixture.deleteCa(fixture.ca)
    expect(new Set(liveSns())).toEqual(new Set(snsOf(other)))
    await Promise.all(ends)
    const drops = fixture.log.find({ kind: 'drop' })
    expect(new Set(drops.map(({ deviceSn }) => deviceSn))).toEqual(new Set(snsOf(own)))
    expect(drops.map(({ cause }) => cause)).toEqual(Array.from({ length: perCa }, () => 'ca-deleted'))
    for (const [index, device] of own.devices.entries())
      expect(await tryMqtt(fixture, device, clientOf('own', index))).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'refuse' }).map(({ cause }) => cause)).toEqual(drops.map(() => 'ca-unknown'))
    for (const client of other.clients) await client.publishAsync('demo', 'still here', { qos: 1 })
  },
)
