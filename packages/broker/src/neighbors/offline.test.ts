import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from '../testing/broker-fixture.ts'
import { connectPeer, textsOf, type Peer, type PeerOptions } from './testing/peer.ts'

let fixture: BrokerFixture
let device: TestDevice
let publisher: Peer

beforeEach(async () => {
  fixture = await startBroker()
  device = await fixture.makeDevice()
  publisher = await connectPeer(fixture, device, { clientId: 'GID_demo@@@publisher' })
})
afterEach(() => fixture.close())

const persistent: PeerOptions = { clientId: 'GID_demo@@@sleeper', clean: false }
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `message ${from + at}`)
const publishAll = async (payloads: string[], qos: 0 | 1 | 2 = 1, properties?: object) => {
  for (const payload of payloads) await publisher.publish('demo/a', payload, qos, properties)
}

/** A client that has subscribed and gone. */
async function leaveSession(options: PeerOptions, qos: 0 | 1 | 2, ...filters: string[]): Promise<void> {
  const subscriber = await connectPeer(fixture, device, options)
  await subscriber.subscribe(qos, ...filters)
  await subscriber.leave()
  await fixture.log.waitFor({ kind: 'disconnect', clientId: options.clientId! })
}

describe('C8: a persistent session', () => {
  test('gets what was published while it was away, in order, once', async () => {
    await leaveSession(persistent, 1, 'demo/#')
    await publishAll(numbered(100))
    const back = await connectPeer(fixture, device, persistent)
    expect(back.connack).toMatchObject({ sessionPresent: true, returnCode: 0 })
    expect(textsOf(await back.received(100))).toEqual(numbered(100))
    expect(back.messages.map(({ dup, qos }) => [dup, qos])).toEqual(back.messages.map(() => [false, 1]))
    await back.settled()
    await back.leave()
    const again = await connectPeer(fixture, device, persistent)
    await publishAll(['a marker'])
    expect(textsOf(await again.received(1))).toEqual(['a marker'])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-73')).toEqual([{ id: 'A-73', about: 'GID_demo@@@sleeper' }])
  })

  test('gets what it had not acknowledged again, with DUP and the same packet identifier, before anything new', async () => {
    const subscriber = await connectPeer(fixture, device, { ...persistent, acknowledges: false })
    await subscriber.subscribe(1, 'demo/a')
    await publishAll(numbered(4))
    const [first, second, third, fourth] = await subscriber.received(4)
    subscriber.acknowledge(second!)
    await subscriber.settled()
    await subscriber.leave()
    await publishAll(numbered(2, 4))
    const back = await connectPeer(fixture, device, persistent)
    await back.received(5)
    expect(back.messages.map(({ payload, dup, messageId }) => [payload.toString(), dup, messageId])).toEqual([
      ['message 0', true, first!.messageId],
      ['message 2', true, third!.messageId],
      ['message 3', true, fourth!.messageId],
      ['message 4', false, expect.any(Number)],
      ['message 5', false, expect.any(Number)],
    ])
    expect(new Set(back.messages.map(({ messageId }) => messageId)).size).toBe(5)
  })

  test('keeps no message of QoS 0', async () => {
    await leaveSession(persistent, 1, 'demo/#')
    await publishAll(['lost'], 0)
    await publishAll(['kept'], 1)
    const back = await connectPeer(fixture, device, persistent)
    expect(textsOf(await back.received(1))).toEqual(['kept'])
  })

  test('gets one copy of a message that two of its filters match', async () => {
    await leaveSession(persistent, 1, 'demo/#', 'demo/a')
    await publishAll(numbered(2))
    const back = await connectPeer(fixture, device, persistent)
    await publishAll(numbered(2, 2))
    expect(textsOf(await back.received(4))).toEqual(numbered(4))
    await back.settled()
    expect(back.messages.length).toBe(4)
  })

  test('gets a message of QoS 2 with the QoS of its wildcard filter', async () => {
    await leaveSession(persistent, 1, 'demo/#')
    await publishAll(['kept'], 2)
    const back = await connectPeer(fixture, device, persistent)
    await back.received(1)
    await publishAll(['live'], 2)
    await back.received(2)
    expect(back.messages.map(({ payload, qos }) => [payload.toString(), qos])).toEqual([
      ['kept', 1],
      ['live', 1],
    ])
  })

  test.each([
    ['in 3.1.1', { ...persistent, clean: true }],
    ['in MQTT 5', { ...persistent, version: 5, clean: true, properties: { sessionExpiryInterval: 3600 } }],
  ] as [string, PeerOptions][])('that begins anew %s gets nothing of what waited, then or later', async (_, anew) => {
    await leaveSession(persistent, 1, 'demo/#')
    await publishAll(numbered(3))
    for (const options of [anew, persistent]) {
      const subscriber = await connectPeer(fixture, device, options)
      await subscriber.subscribe(1, 'demo/a')
      await publishAll(['a marker'])
      expect(textsOf(await subscriber.received(1))).toEqual(['a marker'])
      await subscriber.settled()
      await subscriber.leave()
    }
  })

  test('gets nothing that is three days old, and the log says how many', async () => {
    await leaveSession(persistent, 1, 'demo/#')
    await publishAll(numbered(3))
    fixture.clock.advance(3 * 24 * 60 * 60 * 1000 - 1)
    await publishAll(['young'])
    fixture.clock.advance(1)
    const back = await connectPeer(fixture, device, persistent)
    expect(textsOf(await back.received(1))).toEqual(['young'])
    fixture.clock.advance(1000)
    expect(fixture.log.find({ cause: 'offline-message-too-old' })).toEqual(
      [1, 2].map((count) => ({
        plane: 'mqtt',
        kind: 'warn',
        cause: 'offline-message-too-old',
        message: `messages for persistent sessions dropped: ${count}, three days old, the last for GID_demo@@@sleeper`,
        clientId: 'GID_demo@@@sleeper',
      })),
    )
  })

  test('that is dropped by force gets what waited when its certificate is active again', async () => {
    const subscriber = await connectPeer(fixture, device, { ...persistent, acknowledges: false })
    await subscriber.subscribe(1, 'demo/a')
    const other = await fixture.makeDevice()
    const source = await connectPeer(fixture, other, { clientId: 'GID_demo@@@source' })
    await source.publish('demo/a', 'before', 1)
    await subscriber.received(1)
    await fixture.setDeviceStatus(device, 'inactive')
    await subscriber.closed
    await source.publish('demo/a', 'meanwhile', 1)
    await fixture.setDeviceStatus(device, 'active')
    const back = await connectPeer(fixture, device, persistent)
    await back.received(2)
    expect(back.messages.map(({ payload, dup }) => [payload.toString(), dup])).toEqual([
      ['before', true],
      ['meanwhile', false],
    ])
  })
})

describe('a persistent session of MQTT 5', () => {
  const lasting: PeerOptions = { ...persistent, version: 5, properties: { sessionExpiryInterval: 3600 } }

  beforeEach(async () => {
    await publisher.leave()
    publisher = await connectPeer(fixture, device, { clientId: 'GID_demo@@@publisher', version: 5 })
  })

  test('gets what has not expired, with the seconds that are left, and its subscription identifiers', async () => {
    const subscriber = await connectPeer(fixture, device, lasting)
    for (const [identifier, topic] of [
      [7, 'demo/#'],
      [8, 'demo/a'],
    ] as const) {
      const suback = subscriber.next('suback')
      const properties = { subscriptionIdentifier: identifier }
      subscriber.send({ cmd: 'subscribe', messageId: identifier, subscriptions: [{ topic, qos: 1 }], properties })
      await suback
    }
    await subscriber.leave()
    await fixture.log.waitFor({ kind: 'disconnect', clientId: 'GID_demo@@@sleeper' })
    await publishAll(['short'], 1, { messageExpiryInterval: 10 })
    await publishAll(['long'], 1, { messageExpiryInterval: 100, contentType: 'text' })
    fixture.clock.advance(10_000)
    const back = await connectPeer(fixture, device, lasting)
    await publishAll(['live'], 1)
    await back.received(2)
    expect(back.messages.map(({ payload, properties }) => [payload.toString(), { ...properties }])).toEqual([
      ['long', { messageExpiryInterval: 90, contentType: 'text', subscriptionIdentifier: [7, 8] }],
      ['live', { subscriptionIdentifier: [7, 8] }],
    ])
  })

  test('gets no message of its own where it asked for No Local', async () => {
    const subscriber = await connectPeer(fixture, device, lasting)
    const suback = subscriber.next('suback')
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'demo/a', qos: 1, nl: true }] })
    await suback
    await subscriber.publish('demo/a', 'its own', 1)
    await publishAll(['of another'])
    expect(textsOf(await subscriber.received(1))).toEqual(['of another'])
    await subscriber.settled()
    await subscriber.leave()
    const back = await connectPeer(fixture, device, lasting)
    await publishAll(['a marker'])
    expect(textsOf(await back.received(1))).toEqual(['a marker'])
  })

  test.each([
    ['demo/#', 'demo/a'],
    ['demo/a', 'demo/#'],
  ])('gets a message of its own that it asked for by %s with No Local, and without by %s', async (without, wanted) => {
    const subscriber = await connectPeer(fixture, device, lasting)
    for (const [topic, nl] of [
      [without, true],
      [wanted, false],
    ] as const) {
      const suback = subscriber.next('suback')
      subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1, nl }] })
      await suback
    }
    await subscriber.publish('demo/a', 'its own', 1)
    await subscriber.settled()
    expect(textsOf(subscriber.messages)).toEqual(['its own'])
  })

  test('that is resumed to end with this connection gets what waited, and nothing is kept for it any more', async () => {
    await leaveSession(lasting, 1, 'demo/a')
    await publishAll(numbered(3))
    const last = await connectPeer(fixture, device, { ...lasting, properties: {}, acknowledges: false })
    expect(last.connack).toMatchObject({ sessionPresent: true })
    await last.received(3)
    await publishAll(numbered(2, 3))
    expect(textsOf(await last.received(5))).toEqual(numbered(5))
    const { id } = fixture.store.sessions.list('all').find(({ clientId }) => clientId === lasting.clientId)!
    await last.leave()
    await fixture.log.waitFor({ kind: 'disconnect', sessionId: id })
    await publishAll(['nobody wants it'])
    const back = await connectPeer(fixture, device, lasting)
    expect(back.connack).toMatchObject({ sessionPresent: false })
    await back.settled()
    expect(back.messages).toEqual([])
  })
})
