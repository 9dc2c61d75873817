import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from '../testing/broker-fixture.ts'
import { neighborLimits } from './limits.ts'
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

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `message ${at}`)

async function publishAll(payloads: string[], qos: 0 | 1 | 2 = 1): Promise<void> {
  for (const payload of payloads) await publisher.publish('demo/a', payload, qos)
  await publisher.settled()
}

const fifth = (properties: object, more: PeerOptions = {}): PeerOptions => ({ version: 5, properties, ...more })

describe('a subscriber of MQTT 5 with a receive maximum of 3', () => {
  test.each([
    ['a clean session', fifth({ receiveMaximum: 3 })],
    ['a persistent session', fifth({ receiveMaximum: 3, sessionExpiryInterval: 3600 }, { clean: false })],
  ])('has never more than three unacknowledged messages: %s', async (_, options) => {
    const subscriber = await connectPeer(fixture, device, { ...options, acknowledges: false })
    await subscriber.subscribe(1, 'demo/a')
    await publishAll(numbered(10))
    await subscriber.settled()
    expect(textsOf(subscriber.messages)).toEqual(numbered(3))
    for (let count = 4; count <= 10; count += 1) {
      subscriber.acknowledge(subscriber.messages[count - 4]!)
      await subscriber.received(count)
      await subscriber.settled()
      expect(textsOf(subscriber.messages)).toEqual(numbered(count))
    }
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-74')).toEqual([])
  })

  test('gets QoS 0 all the same', async () => {
    const options = fifth({ receiveMaximum: 3 }, { acknowledges: false })
    const subscriber = await connectPeer(fixture, device, options)
    await subscriber.subscribe(1, 'demo/a')
    await publishAll(numbered(4))
    await publishAll(['at once'], 0)
    expect(textsOf(await subscriber.received(4))).toEqual([...numbered(3), 'at once'])
  })

  test('counts a message of QoS 2 until PUBCOMP, or until a PUBREC that refuses it', async () => {
    const subscriber = await connectPeer(fixture, device, fifth({ receiveMaximum: 1 }, { acknowledges: false }))
    await subscriber.subscribe(2, 'demo/a')
    await publishAll(numbered(3), 2)
    await subscriber.settled()
    expect(textsOf(subscriber.messages)).toEqual(numbered(1))
    const [first] = subscriber.messages
    const pubrel = subscriber.next('pubrel')
    subscriber.send({ cmd: 'pubrec', messageId: first!.messageId! })
    await pubrel
    await subscriber.settled()
    expect(textsOf(subscriber.messages)).toEqual(numbered(1))
    subscriber.send({ cmd: 'pubcomp', messageId: first!.messageId! })
    const [, second] = await subscriber.received(2)
    subscriber.send({ cmd: 'pubrec', messageId: second!.messageId!, reasonCode: 0x80 })
    expect(textsOf(await subscriber.received(3))).toEqual(numbered(3))
  })
})

test('a subscriber of 3.1.1 that acknowledges nothing gets a thousand messages, and one more for each it acknowledges', async () => {
  const { maxInFlight } = neighborLimits
  const subscriber = await connectPeer(fixture, device, { acknowledges: false })
  await subscriber.subscribe(1, 'demo/a')
  await publishAll(numbered(maxInFlight + 2))
  await subscriber.received(maxInFlight)
  await subscriber.settled()
  expect(textsOf(subscriber.messages)).toEqual(numbered(maxInFlight))
  subscriber.acknowledge(subscriber.messages[500]!)
  await subscriber.received(maxInFlight + 1)
  await subscriber.settled()
  expect(textsOf(subscriber.messages)).toEqual(numbered(maxInFlight + 1))
  expect(fixture.log.assumed).toContainEqual({ id: 'A-74', about: 'GID_demo@@@peer' })
})

describe('a subscriber of MQTT 5 with a maximum packet size', () => {
  test.each([
    ['a clean session', fifth({ maximumPacketSize: 100 }), 1],
    ['a persistent session', fifth({ maximumPacketSize: 100, sessionExpiryInterval: 60 }, { clean: false }), 1],
    ['a filter of QoS 0', fifth({ maximumPacketSize: 100 }), 0],
  ] as const)('gets no larger packet, which the log tells, and all others: %s', async (_, options, qos) => {
    const subscriber = await connectPeer(fixture, device, options)
    await subscriber.subscribe(qos, 'demo/a')
    const overhead = 2 + 2 + 'demo/a'.length + (qos === 0 ? 0 : 2) + 1
    const fits = 'x'.repeat(100 - overhead)
    await publishAll([`${fits}x`, fits, 'a marker'])
    expect(textsOf(await subscriber.received(2))).toEqual([fits, 'a marker'])
    expect(fixture.log.find({ cause: 'message-too-large-for-client' })).toEqual([
      expect.objectContaining({
        plane: 'mqtt',
        kind: 'warn',
        clientId: 'GID_demo@@@peer',
        message: 'a message of topic demo/a is not sent: its packet has 101 bytes',
      }),
    ])
    await subscriber.settled()
    await subscriber.leave()
    const back = await connectPeer(fixture, device, { ...options, properties: { sessionExpiryInterval: 60 } })
    await back.subscribe(1, 'demo/a')
    await publishAll(['another marker'])
    expect(textsOf(await back.received(1))).toEqual(['another marker'])
  })
})
