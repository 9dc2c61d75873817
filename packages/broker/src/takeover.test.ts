import { afterEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { accepted, closeOf, connectPacket, mqttClient, rawClient } from './testing/clients.ts'
import { holdReads, type Hold } from './testing/held-store.ts'
import { comeBack, leave, otherClient, subscribe } from './testing/persistent-client.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@shared'
const live = () => fixture.store.sessions.list('all').map((session) => [session.clientId, session.deviceSn])
const takeovers = () => fixture.log.find({ cause: 'session-taken-over' }).map(({ kind, deviceSn }) => [kind, deviceSn])

/** A broker whose next read of the client's group can be held: by then its certificate has been judged. */
async function startHeld(): Promise<Hold> {
  let hold: Hold | undefined
  fixture = await startBroker({}, (store) => (hold = holdReads(store, 'groups')).store)
  return hold!
}

/** Sends CONNECT, and leaves it waiting while it is being judged. */
async function connectHeld(device: TestDevice, hold: Hold) {
  const raw = await rawClient(fixture, device)
  const read = hold.next()
  raw.send(connectPacket(clientId))
  await read
  return raw
}

describe('C7: a client id that comes again', () => {
  test('with another certificate takes over, and the session of the older is the only one that goes', async () => {
    fixture = await startBroker()
    const [older, newer] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const other = await mqttClient(fixture, older, { clientId: 'GID_demo@@@other' })
    const end = closeOf(await mqttClient(fixture, older, { clientId }))
    await mqttClient(fixture, newer, { clientId })
    await end
    expect(live()).toEqual([
      ['GID_demo@@@other', older.sn],
      [clientId, newer.sn],
    ])
    expect(takeovers()).toEqual([['disconnect', older.sn]])
    await other.publishAsync('demo', 'still here', { qos: 1 })
  })

  test('takes its persistent session and what waits in it along, and belongs to the newer certificate from then on', async () => {
    fixture = await startBroker()
    const by = await otherClient(fixture, 'speaker')
    const [older, newer] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const end = closeOf(await subscribe(fixture, older, clientId))
    const second = await mqttClient(fixture, newer, { clientId, clean: false })
    await end
    await leave(fixture, second)
    await fixture.deleteDevice(older)
    await by.publishAsync('demo/queued', '', { qos: 1 })
    expect(await comeBack(fixture, newer, clientId, by)).toEqual({ sessionPresent: true, waited: ['demo/queued'] })
  })

  test('while the one before is still being judged: the one admitted last is left', async () => {
    const hold = await startHeld()
    const [slow, quick] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const first = await connectHeld(slow, hold)
    const end = closeOf(await mqttClient(fixture, quick, { clientId }))
    expect(live()).toEqual([[clientId, quick.sn]])
    hold.release()
    await end
    expect(await first.received(4)).toEqual(accepted)
    expect(live()).toEqual([[clientId, slow.sn]])
    expect(takeovers()).toEqual([['disconnect', quick.sn]])
  })

  test('with a certificate that is inactivated while it is being judged leaves the one before alone', async () => {
    const hold = await startHeld()
    const [good, bad] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const client = await mqttClient(fixture, good, { clientId })
    await (await mqttClient(fixture, bad, { clientId: 'GID_demo@@@register' })).endAsync()
    const second = await connectHeld(bad, hold)
    await fixture.setDeviceStatus(bad, 'inactive')
    hold.release()
    expect(await second.closed).toHaveLength(0)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(live()).toEqual([[clientId, good.sn]])
    expect(takeovers()).toEqual([])
  })

  test('after the one before was inactivated while the newer was being judged finds nobody to take over from', async () => {
    const hold = await startHeld()
    const [bad, good] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const end = closeOf(await mqttClient(fixture, bad, { clientId }))
    const second = await connectHeld(good, hold)
    await fixture.setDeviceStatus(bad, 'inactive')
    await end
    hold.release()
    expect(await second.received(4)).toEqual(accepted)
    expect(live()).toEqual([[clientId, good.sn]])
    expect(takeovers()).toEqual([])
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'device-inactive', deviceSn: bad.sn }])
  })

  test('whose older session was to end in a while: the newer one lives by its own certificate', async () => {
    fixture = await startBroker({ liveSessions: { kind: 'delay', delayMs: 1000 } })
    const [bad, good] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const end = closeOf(await mqttClient(fixture, bad, { clientId }))
    await fixture.setDeviceStatus(bad, 'inactive')
    const newer = await mqttClient(fixture, good, { clientId })
    await end
    fixture.clock.advance(10_000)
    await newer.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.log.find({ kind: 'drop' })).toEqual([])
  })

  test('in a storm, from three devices that all insist: one session at a time, and each end has its newer one', async () => {
    fixture = await startBroker()
    const devices = await Promise.all(Array.from({ length: 3 }, () => fixture.makeDevice()))
    for (const device of devices) await (await mqttClient(fixture, device, { clientId: 'GID_demo@@@first' })).endAsync()
    let most = 0
    const unsubscribe = fixture.store.sessions.subscribe(() => {
      most = Math.max(most, fixture.store.sessions.list('byClient', `post-cn-first/${clientId}`).length)
    })
    for (let round = 0; round < 10; round += 1) {
      const raws = await Promise.all(devices.map((device) => rawClient(fixture, device)))
      for (const raw of raws) raw.send(connectPacket(clientId))
      await Promise.race(raws.map((raw) => raw.received(4)))
    }
    const last = await mqttClient(fixture, devices[0]!, { clientId })
    await last.publishAsync('demo', 'still here', { qos: 1 })
    unsubscribe()
    expect(most).toBe(1)
    expect(live()).toEqual([[clientId, devices[0]!.sn]])
    const connects = fixture.log.find({ kind: 'connect', clientId })
    expect(takeovers()).toHaveLength(connects.length - 1)
  })
})
