import { afterEach, describe, expect, test } from 'vitest'
import { expiryOfPath } from './expiry-of-path.ts'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { closeOf, mqttClient, tryMqtt } from './testing/clients.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const hourMs = 3_600_000
/** X.509 counts in whole seconds. */
const inHours = (hours: number) => Math.floor(fixture.clock.now() / 1000) * 1000 + hours * hourMs

async function deviceUntil(validUntil: number): Promise<TestDevice> {
  return fixture.makeDevice({ validUntil })
}

/** Moves the clock to a moment. */
function goTo(at: number): void {
  fixture.clock.advance(at - fixture.clock.now())
}

function warningOf(device: TestDevice, until: number, clientId = 'GID_demo@@@device') {
  const name = `device certificate ${device.sn} of CA ${device.ca.record.sn}`
  return `client ${clientId} stays connected: ${name} was valid until ${new Date(until).toISOString()}, and TLS asks only at the handshake`
}

describe('a live session whose certificate expires', () => {
  test('C6: stays, with one warning, and cannot come back', async () => {
    fixture = await startBroker()
    const until = inHours(1)
    const device = await deviceUntil(until)
    const client = await mqttClient(fixture, device)
    goTo(until - 1)
    expect(fixture.log.find({ kind: 'warn' })).toEqual([])
    goTo(until)
    fixture.clock.advance(100 * hourMs)
    expect(fixture.log.find({ kind: 'warn' })).toEqual([
      {
        plane: 'mqtt',
        kind: 'warn',
        cause: 'certificate-expired',
        message: warningOf(device, until),
        accountId: '1000000000000001',
        instanceId: 'post-cn-first',
        clientId: 'GID_demo@@@device',
        deviceSn: device.sn,
        caSn: device.ca.record.sn,
        fingerprint: expect.any(String),
        remoteAddress: '127.0.0.1',
        sessionId: expect.any(String),
      },
    ])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-75')).toEqual([{ id: 'A-75', about: device.sn }])
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(await tryMqtt(fixture, device, { clientId: 'GID_demo@@@new' })).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'certificate-expired' }])
  })

  test('C6: with drop, ends at that moment, in order of time, and nobody else', async () => {
    fixture = await startBroker({ expiredSessions: 'drop' })
    const untils = [inHours(3), inHours(1), inHours(2)]
    const devices = await Promise.all(untils.map(deviceUntil))
    const clients = []
    for (const [at, device] of devices.entries())
      clients.push(await mqttClient(fixture, device, { clientId: `GID_demo@@@${at}` }))
    const kept = await mqttClient(fixture, await fixture.makeDevice(), { clientId: 'GID_demo@@@kept' })
    const ends = clients.map(closeOf)
    goTo(untils[1]! - 1)
    expect(fixture.store.sessions.count()).toBe(4)
    goTo(untils[1]!)
    expect(fixture.store.sessions.count()).toBe(3)
    goTo(untils[0]!)
    await Promise.all(ends)
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([
      { cause: 'certificate-expired', clientId: 'GID_demo@@@1', deviceSn: devices[1]!.sn },
      { cause: 'certificate-expired', clientId: 'GID_demo@@@2', deviceSn: devices[2]!.sn },
      { cause: 'certificate-expired', clientId: 'GID_demo@@@0', deviceSn: devices[0]!.sn },
    ])
    expect(fixture.log.find({ kind: 'drop' })[0]!.message).toBe(
      `device certificate ${devices[1]!.sn} of CA ${fixture.ca.record.sn} was valid until ${new Date(untils[1]!).toISOString()}`,
    )
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-75')).toHaveLength(3)
    await kept.publishAsync('demo', 'still here', { qos: 1 })
  })

  test('C6: a CA that expires first takes its sessions with it', async () => {
    fixture = await startBroker({ expiredSessions: 'drop' })
    const until = inHours(1)
    const ca = await fixture.makeCa({ validUntil: until })
    await fixture.registerCa(ca)
    const device = await fixture.makeDevice({ ca })
    const end = closeOf(await mqttClient(fixture, device))
    goTo(until)
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([
      {
        cause: 'certificate-expired',
        message: `the CA certificate of device certificate ${device.sn} of CA ${ca.record.sn} was valid until ${new Date(until).toISOString()}`,
      },
    ])
  })

  test('C8: its will follows the setting of forced ends', async () => {
    fixture = await startBroker({ expiredSessions: 'drop', willOnDrop: 'publish' })
    const listener = await mqttClient(fixture, await fixture.makeDevice(), { clientId: 'GID_demo@@@listener' })
    await listener.subscribeAsync('demo/#', { qos: 1 })
    const heard = new Promise((resolve) => listener.once('message', (topic) => resolve(topic)))
    const until = inHours(1)
    const will = { topic: 'demo/will', payload: Buffer.from('gone'), qos: 1 as const, retain: false }
    await mqttClient(fixture, await deviceUntil(until), { will })
    goTo(until)
    expect(await heard).toBe('demo/will')
    expect(fixture.log.assumed).toContainEqual({ id: 'A-15', about: 'GID_demo@@@device' })
  })

  test('C6: one that ended before is not spoken of, nor one after the close of the broker', async () => {
    fixture = await startBroker()
    const until = inHours(1)
    await (await mqttClient(fixture, await deviceUntil(until), { clientId: 'GID_demo@@@gone' })).endAsync()
    await fixture.log.waitFor({ kind: 'disconnect' })
    await mqttClient(fixture, await deviceUntil(until))
    await fixture.broker.close()
    goTo(until)
    expect(fixture.log.find({ kind: 'warn' })).toEqual([])
  })
})

test('C10: a certificate that is not yet valid is refused until its time has come', async () => {
  fixture = await startBroker()
  const from = inHours(1)
  const device = await fixture.makeDevice({ validFrom: from, validUntil: inHours(10) })
  goTo(from - 1)
  expect(await tryMqtt(fixture, device)).toMatchObject({ connected: false })
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'certificate-not-yet-valid' }])
  goTo(from)
  await mqttClient(fixture, device)
})

test('the first certificate of a path to expire is what counts', async () => {
  fixture = await startBroker()
  expect(expiryOfPath({ validUntil: 2 }, { validUntil: 3 })).toEqual({ at: 2, of: 'device' })
  expect(expiryOfPath({ validUntil: 3 }, { validUntil: 2 })).toEqual({ at: 2, of: 'ca' })
  expect(expiryOfPath({ validUntil: 3 }, { validUntil: 2 }, 1)).toEqual({ at: 1, of: 'intermediate' })
})
