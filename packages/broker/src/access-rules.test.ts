import { afterEach, describe, expect, test } from 'vitest'
import type { IClientOptions, MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import { withinInstance } from '@apsaramq/model'
import { firstInstance, startBroker, type BrokerFixture } from './testing/broker-fixture.ts'
import { accepted, closeOf, connectPacket, messageTo, mqttClient, rawClient } from './testing/clients.ts'
import { converse } from './testing/conversation.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

async function client(options: IClientOptions = {}): Promise<MqttClient> {
  return mqttClient(fixture, await fixture.makeDevice(), options)
}

function publicationBytes(topic: string, payload: string, messageId = 1): Buffer {
  return generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false })
}

const persistent: IClientOptions = { clean: false }

describe('C16: what ends the connection', () => {
  test.each<[string, IClientOptions, (mqtt: MqttClient) => unknown, string]>([
    ['a topic without a parent', {}, (mqtt) => mqtt.publish('none/x', ''), 'topic-not-allowed'],
    ['a topic that is too long', {}, (mqtt) => mqtt.publish(`demo/${'x'.repeat(60)}`, ''), 'topic-not-allowed'],
    ['a topic of the broker', {}, (mqtt) => mqtt.publish('$SYS/x', ''), 'topic-not-allowed'],
    ['a payload over 64 KB', {}, (mqtt) => mqtt.publish('demo', 'x'.repeat(65_537)), 'payload-too-large'],
    ['a packet over the limit', {}, (mqtt) => mqtt.publish('demo', 'x'.repeat(131_072)), 'packet-too-large'],
    ['QoS 2 of a persistent session', persistent, (mqtt) => mqtt.publish('demo', '', { qos: 2 }), 'qos-not-supported'],
    ['a filter without a parent', {}, (mqtt) => mqtt.subscribe('none/#'), 'topic-not-allowed'],
    ['a filter over all topics', {}, (mqtt) => mqtt.subscribe('#'), 'topic-not-allowed'],
    ['a filter on the broker', {}, (mqtt) => mqtt.subscribe('$SYS/#'), 'topic-not-allowed'],
    ['a shared subscription', {}, (mqtt) => mqtt.subscribe('$share/g/demo'), 'topic-not-allowed'],
  ])('%s', async (_what, options, offend, cause) => {
    fixture = await startBroker()
    const mqtt = await client(options)
    mqtt.on('error', () => mqtt.end(true)) // what was not acknowledged fails
    const end = closeOf(mqtt)
    offend(mqtt)
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause, clientId: 'GID_demo@@@device' }])
    expect(fixture.log.find({ kind: 'disconnect' })).toEqual([])
    expect(fixture.store.sessions.count()).toBe(0)
  })
})

function publicationOf(topic: string): Packet {
  return { cmd: 'publish', topic, payload: 'hello', qos: 0, dup: false, retain: false }
}

function subscriptionTo(topic: string, messageId = 1): Packet {
  return { cmd: 'subscribe', messageId, subscriptions: [{ topic, qos: 0 }] }
}

test.each(['none/x', '#', '+/+'])(
  'C16: a filter %s that comes with the CONNECT ends the connection',
  async (filter) => {
    fixture = await startBroker()
    const raw = await rawClient(fixture, await fixture.makeDevice())
    raw.send(connectPacket(), subscriptionTo(filter))
    expect(await raw.closed).toEqual(accepted)
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'topic-not-allowed' }])
    expect(fixture.log.find({ kind: 'warn' })).toEqual([])
  },
)

test('C16: a session that is resumed only loses the filter whose topic has gone', async () => {
  fixture = await startBroker()
  await fixture.store.transact((tx) => tx.topics.put({ instanceId: firstInstance, name: 'gone', createdAt: 0 }))
  const device = await fixture.makeDevice()
  const first = await mqttClient(fixture, device, persistent)
  await first.subscribeAsync(['demo/x', 'gone/x'])
  await first.endAsync()
  await fixture.store.transact((tx) => tx.topics.delete(withinInstance(firstInstance, 'gone')))
  const raw = await rawClient(fixture, device)
  raw.send(connectPacket('GID_demo@@@device', { clean: false }))
  expect(await raw.received(4)).toEqual(Buffer.from([0x20, 2, 1, 0]))
  expect(fixture.log.find({ kind: 'warn' })).toMatchObject([{ cause: 'topic-not-allowed' }])
  expect(fixture.log.find({ kind: 'drop' })).toEqual([])
  raw.send({ cmd: 'pingreq' })
  expect(await raw.received(6)).toEqual(Buffer.from([0x20, 2, 1, 0, 0xd0, 0]))
})

test.each([
  ['a topic with U+0000', [0x31, 9, 0, 6, ...Buffer.from('demo/\0'), 0x79]],
  ['a topic that is no UTF-8', [0x31, 9, 0, 6, ...Buffer.from('demo/'), 0xff, 0x79]],
  ['identifier 0', [0x32, 9, 0, 4, ...Buffer.from('demo'), 0, 0, 0x79]],
])('C16: nothing is forwarded of a PUBLISH with %s, which ends the connection', async (_what, bytes) => {
  fixture = await startBroker()
  const subscriber = await client({ clientId: 'GID_demo@@@subscriber' })
  await subscriber.subscribeAsync('demo/#')
  const heard = messageTo(subscriber)
  const raw = await rawClient(fixture, await fixture.makeDevice())
  raw.send(connectPacket(), Buffer.from(bytes))
  expect(await raw.closed).toEqual(accepted)
  expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'protocol-error', clientId: 'GID_demo@@@device' }])
  await (await client()).publishAsync('demo', 'the first to come', { qos: 1 })
  expect(await heard).toBe('demo the first to come')
})

describe('C16: what only costs the subscription', () => {
  test('the 31st filter; one that is given up makes room', async () => {
    fixture = await startBroker()
    const mqtt = await client()
    for (let at = 0; at < 30; at += 1) await mqtt.subscribeAsync(`demo/${at}`)
    await mqtt.subscribeAsync('demo/0', { qos: 1 }) // one it has
    await expect(mqtt.subscribeAsync('demo/30')).rejects.toThrow('Unspecified error')
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([{ cause: 'too-many-subscriptions' }])
    await mqtt.unsubscribeAsync('demo/0')
    await mqtt.subscribeAsync('demo/30')
  })

  test('the 31st filter of one SUBSCRIBE, while nothing is known yet of their topic', async () => {
    fixture = await startBroker()
    const mqtt = await converse(fixture, await fixture.makeDevice(), {}, 4)
    const subscriptions = Array.from({ length: 32 }, (_, at) => ({ topic: `demo/${at}`, qos: 1 as const }))
    mqtt.send(connectPacket(), { cmd: 'subscribe', messageId: 1, subscriptions })
    const granted = [...Array.from({ length: 30 }, () => 1), 0x80, 0x80]
    expect(await mqtt.next('suback')).toMatchObject({ granted })
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([
      { cause: 'too-many-subscriptions', message: 'demo/30 would be subscription 31' },
      { cause: 'too-many-subscriptions', message: 'demo/31 would be subscription 31' },
    ])
  })

  test('QoS 2 for a filter that a persistent session has: it keeps it as it was', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = await converse(fixture, device, {}, 4)
    first.send(connectPacket(undefined, { clean: false }), subscriptionTo('demo/a'))
    await first.next('suback')
    const asked = { 'demo/a': 2 as const, 'demo/b': 1 as const }
    const subscriptions = Object.entries(asked).map(([topic, qos]) => ({ topic, qos }))
    first.send({ cmd: 'subscribe', messageId: 2, subscriptions })
    expect(await first.next('suback')).toMatchObject({ granted: [0x80, 1] })
    first.send({ cmd: 'disconnect' })
    await first.closed
    const second = await converse(fixture, device, {}, 4)
    second.send(connectPacket(undefined, { clean: false }), { cmd: 'pingreq' })
    await second.next('pingresp')
    second.send(publicationOf('demo/a'))
    expect(await second.next('publish')).toMatchObject({ topic: 'demo/a', payload: Buffer.from('hello') })
  })

  test('QoS 2 in a persistent session, of which nothing is kept', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = await mqttClient(fixture, device, persistent)
    await first.subscribeAsync({ 'demo/one': { qos: 1 }, 'demo/two': { qos: 2 } }).catch(() => undefined)
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([{ cause: 'qos-not-supported' }])
    await first.endAsync()
    const other = await client({ clientId: 'GID_demo@@@other' })
    await other.publishAsync('demo/two', 'not asked for', { qos: 1 })
    await other.publishAsync('demo/one', 'kept', { qos: 1 })
    const raw = await rawClient(fixture, device)
    raw.send(connectPacket('GID_demo@@@device', { clean: false }))
    const expected = publicationBytes('demo/one', 'kept')
    const received = await raw.received(4 + expected.length)
    expect(received.subarray(0, 4)).toEqual(Buffer.from([0x20, 2, 1, 0])) // a session was there
    const messageId = received.readUInt16BE(received.length - 6)
    expect(received.subarray(4)).toEqual(publicationBytes('demo/one', 'kept', messageId))
  })
})

test('C16: the loose setting lifts the rules', async () => {
  fixture = await startBroker({ strict: false })
  const mqtt = await client({ clientId: 'anything', clean: false })
  await mqtt.subscribeAsync('#', { qos: 2 })
  const heard = messageTo(mqtt)
  await mqtt.publishAsync(`none/${'x'.repeat(80)}`, 'x'.repeat(65_537), { qos: 2 })
  expect(await heard).toMatch(/^none\/x{80} x{65537}$/)
  for (let at = 0; at < 31; at += 1) await mqtt.subscribeAsync(`demo/${at}`)
  expect(fixture.log.find({ kind: 'warn' })).toEqual([])
})

test('a client without an id gets one of its own where ids are free', async () => {
  fixture = await startBroker({ strict: false })
  const device = await fixture.makeDevice()
  const raws = await Promise.all([rawClient(fixture, device), rawClient(fixture, device)])
  for (const raw of raws) raw.send(connectPacket(''))
  await Promise.all(raws.map((raw) => raw.received(4)))
  const ids = fixture.store.sessions.list('all').map(({ clientId }) => clientId)
  expect(new Set(ids).size).toBe(2)
  const persisting = await rawClient(fixture, device)
  const bytes = generate(connectPacket(''))
  bytes[9] = 0 // no CleanSession [MQTT-3.1.3-8]
  persisting.send(bytes)
  expect(await persisting.closed).toEqual(Buffer.alloc(0))
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'bad-client-id' }])
})

test('a topic that comes into being is there at once', async () => {
  fixture = await startBroker()
  const mqtt = await client()
  await mqtt.publishAsync('demo', 'known', { qos: 1 })
  await fixture.store.transact((tx) => tx.topics.put({ instanceId: 'post-cn-first', name: 'new', createdAt: 0 }))
  await mqtt.publishAsync('new/x', 'known too', { qos: 1 })
})

test('a message to 3.1 and 3.1.1 clients arrives', async () => {
  fixture = await startBroker()
  const old = await client({
    clientId: 'GID_demo@@@a-long-name-of-3.1'.replace('.', '_'),
    protocolId: 'MQIsdp',
    protocolVersion: 3,
  })
  await old.subscribeAsync('demo', { qos: 1 })
  const heard = messageTo(old)
  const mqtt = await client()
  await mqtt.publishAsync('demo', 'hello', { qos: 1 })
  expect(await heard).toBe('demo hello')
  expect(fixture.store.sessions.list('all').map(({ protocol }) => protocol)).toEqual(['mqtt3.1', 'mqtt3.1.1'])
})
