import { manualClock, type Cause, type Random } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import { afterEach, describe, expect, test } from 'vitest'
import { DelayedEndings } from './revocation-delay.ts'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { closeOf, mqttClient } from './testing/clients.ts'
import { holdReads, type Hold } from './testing/held-store.ts'

/** Chance as a test wants it: each call takes the next part of 1. */
function chance(...parts: number[]): Random {
  let calls = 0
  return {
    bytes(count) {
      const bytes = new Uint8Array(count)
      new DataView(bytes.buffer).setUint32(0, Math.floor(parts[calls++ % parts.length]! * 2 ** 32) >>> 0)
      return bytes
    },
  }
}

const almost1 = 1 - 2 ** -32

function delayed(random: Random) {
  const clock = manualClock()
  const due: [number, string, Cause][] = []
  const endings = new DelayedEndings({ clock, random }, (entries) => {
    for (const { sessionId, first } of entries) due.push([clock.monotonic(), sessionId, first.cause])
  })
  const add = (sessionId: string, cause: Cause, jitterMs?: number) =>
    endings.add(sessionId, { cause, message: '' }, { kind: 'delay', delayMs: 100, ...(jitterMs && { jitterMs }) })
  return { clock, due, endings, add }
}

/** A broker with a delay of 1000 to 1500 ms; only the parts are by chance. */
function start(parts: number[], wrap = (store: Store) => store): Promise<BrokerFixture> {
  const jitter = chance(...parts)
  const random: Random = { bytes: (count) => (count === 4 ? jitter.bytes(count) : new Uint8Array(count)) }
  return startBroker({ liveSessions: { kind: 'delay', delayMs: 1000, jitterMs: 500 } }, wrap, random)
}

describe('C6: delayed endings', () => {
  test('come after the delay and a part of the jitter, from none of it to all of it', () => {
    const { clock, due, add } = delayed(chance(0.5, almost1, 0))
    for (const id of ['half', 'all', 'none']) add(id, 'device-inactive', 50)
    clock.advance(1000)
    expect(due).toEqual([
      [100, 'none', 'device-inactive'],
      [125, 'half', 'device-inactive'],
      [150, 'all', 'device-inactive'],
    ])
  })

  test('come after the delay alone where there is no jitter', () => {
    const { clock, due, add } = delayed(chance(almost1))
    add('one', 'device-inactive')
    clock.advance(99)
    expect(due).toEqual([])
    clock.advance(1)
    expect(due).toEqual([[100, 'one', 'device-inactive']])
  })

  test('are not put off by a repetition, and each cause has its own', () => {
    const { clock, due, add, endings } = delayed(chance(0))
    add('one', 'device-inactive')
    clock.advance(50)
    add('one', 'device-inactive')
    add('one', 'ca-deleted')
    add('two', 'device-inactive')
    endings.cancel('two', 'ca-deleted')
    clock.advance(1000)
    expect(due).toEqual([
      [100, 'one', 'device-inactive'],
      [150, 'one', 'ca-deleted'],
      [150, 'two', 'device-inactive'],
    ])
  })

  test('are forgotten with their session, and all at once', () => {
    const { clock, due, add, endings } = delayed(chance(0))
    for (const id of ['one', 'two']) add(id, 'device-inactive')
    add('one', 'ca-deleted')
    endings.forget('one')
    endings.forget('unknown')
    clock.advance(100)
    expect(due).toEqual([[100, 'two', 'device-inactive']])
    add('two', 'device-inactive')
    endings.clear()
    clock.advance(1000)
    expect(due).toHaveLength(1)
  })
})

describe('C6: --live-sessions delay:MS,JITTER', () => {
  let fixture: BrokerFixture
  afterEach(() => fixture.close())

  const join = (device: TestDevice, name = 'device') => mqttClient(fixture, device, { clientId: `GID_demo@@@${name}` })
  const drops = () => fixture.log.find({ kind: 'drop' }).map(({ cause, clientId }) => [cause, clientId])

  test('each session of a certificate has a moment of its own', async () => {
    fixture = await start([almost1, 0])
    const device = await fixture.makeDevice()
    const [late, soon] = [await join(device, 'late'), await join(device, 'soon')]
    await fixture.setDeviceStatus(device, 'inactive')
    fixture.clock.advance(999)
    expect(fixture.store.sessions.count()).toBe(2)
    const [endOfSoon, endOfLate] = [closeOf(soon), closeOf(late)]
    fixture.clock.advance(1)
    await endOfSoon
    await late.publishAsync('demo', 'still here', { qos: 1 })
    fixture.clock.advance(500)
    await endOfLate
    expect(drops()).toEqual([
      ['device-inactive', 'GID_demo@@@soon'],
      ['device-inactive', 'GID_demo@@@late'],
    ])
  })

  test('activated in time and inactivated again, its delay begins anew', async () => {
    fixture = await start([0])
    const device = await fixture.makeDevice()
    const client = await join(device)
    await fixture.setDeviceStatus(device, 'inactive')
    fixture.clock.advance(600)
    await fixture.setDeviceStatus(device, 'active')
    await fixture.setDeviceStatus(device, 'inactive')
    fixture.clock.advance(999)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    const end = closeOf(client)
    fixture.clock.advance(1)
    await end
    expect(drops()).toEqual([['device-inactive', 'GID_demo@@@device']])
  })

  test('activated while it is being judged again, it is judged by what is so then', async () => {
    let hold: Hold | undefined
    fixture = await start([0], (store) => (hold = holdReads(store, 'deviceCertificates')).store)
    const device = await fixture.makeDevice()
    const client = await join(device)
    await fixture.setDeviceStatus(device, 'inactive')
    const read = hold!.next()
    fixture.clock.advance(1000)
    await read
    await fixture.setDeviceStatus(device, 'active')
    hold!.release()
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(drops()).toEqual([])
  })

  test('inactivated and then deleted, it ends at the first of both moments, for the reason that holds then', async () => {
    fixture = await start([0])
    const device = await fixture.makeDevice()
    const client = await join(device)
    await fixture.setDeviceStatus(device, 'inactive')
    fixture.clock.advance(600)
    await fixture.deleteDevice(device)
    const end = closeOf(client)
    fixture.clock.advance(400)
    await end
    expect(drops()).toEqual([['device-deleted', 'GID_demo@@@device']])
    fixture.clock.advance(10_000)
    expect(drops()).toHaveLength(1)
  })

  test('deleted and registered again in time by another of its clients, it stays', async () => {
    fixture = await start([0])
    const device = await fixture.makeDevice()
    const client = await join(device)
    await fixture.deleteDevice(device)
    await join(device, 'again')
    fixture.clock.advance(10_000)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(drops()).toEqual([])
  })

  test('kicked meanwhile, it ends at once, and only once', async () => {
    fixture = await start([0])
    const device = await fixture.makeDevice()
    const client = await join(device)
    await fixture.setDeviceStatus(device, 'inactive')
    const end = closeOf(client)
    fixture.store.sessions.delete(fixture.store.sessions.list('all')[0]!.id, 'CloseConnection')
    await end
    fixture.clock.advance(10_000)
    expect(drops()).toEqual([['kicked', 'GID_demo@@@device']])
  })

  test.each(['reset', 'close'] as const)('a %s meanwhile leaves nothing to come', async (way) => {
    fixture = await start([0])
    const device = await fixture.makeDevice()
    await join(device)
    await fixture.setDeviceStatus(device, 'inactive')
    if (way === 'reset') await fixture.store.reset({})
    else await fixture.broker.close()
    const before = drops()
    expect(before).toHaveLength(1)
    fixture.clock.advance(10_000)
    expect(drops()).toEqual(before)
  })
})
