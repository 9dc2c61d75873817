import { afterEach, describe, expect, test } from 'vitest'
import { generate, type IConnectPacket, type Packet } from 'mqtt-packet'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { connectPacket, rawClient } from './testing/clients.ts'
import { connect5, converse, type Conversation } from './testing/conversation.ts'

let fixture: BrokerFixture

afterEach(() => fixture.close())

async function opened(device?: TestDevice, level: 4 | 5 = 5): Promise<Conversation> {
  return converse(fixture, device ?? (await fixture.makeDevice()), {}, level)
}

/** Connected as MQTT 5, and what the CONNACK said. */
async function connected(more: Partial<IConnectPacket> = {}, device?: TestDevice) {
  const client = await opened(device)
  client.send(connect5(more))
  return { client, connack: await client.next('connack') }
}

function subscribeTo(topic: string, more: object = {}, properties?: object): Packet {
  const subscription = { topic, qos: 1 as const, nl: false, rap: false, rh: 0, ...more }
  return { cmd: 'subscribe', messageId: 7, subscriptions: [subscription], ...(properties && { properties }) }
}

function publishTo(topic: string, more: object = {}): Packet {
  return { cmd: 'publish', topic, payload: 'hello', qos: 0, dup: false, retain: false, ...more }
}

describe('C8: the CONNACK of MQTT 5', () => {
  test('names what the service does not have, and the bounds', async () => {
    fixture = await startBroker()
    const { connack } = await connected()
    expect(connack).toMatchObject({ reasonCode: 0, sessionPresent: false })
    expect(connack.properties).toEqual({
      retainAvailable: false,
      sharedSubscriptionAvailable: false,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: true,
      topicAliasMaximum: 10,
      receiveMaximum: 1000,
      maximumPacketSize: 128 * 1024,
    })
    expect(fixture.log.assumed).toContainEqual({ id: 'A-80', about: 'GID_demo@@@device' })
    expect(fixture.store.sessions.count()).toBe(1)
  })

  test.each([
    [0, true, 480],
    [60, true, undefined],
    [480, true, undefined],
    [481, true, 480],
    [481, false, undefined],
  ])('C16: to a keep alive of %i s, strict %s, it answers with %s', async (keepalive, strict, said) => {
    fixture = await startBroker({ strict })
    const { connack } = await connected({ keepalive })
    expect(connack.properties?.serverKeepAlive).toBe(said)
  })

  test.each([
    [0, undefined],
    [1, 600],
    [600, undefined],
    [86_400, undefined],
    [0xff_ff_ff_ff, 2_147_483_647],
  ])('to a session expiry of %i s it answers with %s', async (sessionExpiryInterval, said) => {
    fixture = await startBroker()
    const { connack } = await connected({ properties: { sessionExpiryInterval } })
    expect(connack.properties?.sessionExpiryInterval).toBe(said)
  })

  test('tells a client without an id which one it has', async () => {
    fixture = await startBroker({ strict: false })
    const { client, connack } = await connected({ clientId: '' })
    expect(connack.properties?.assignedClientIdentifier).toMatch(/^auto-/)
    await client.settled()
    expect(fixture.log.find({ kind: 'connect' })).toMatchObject([
      { clientId: connack.properties?.assignedClientIdentifier },
    ])
  })
})

describe('C8: what the service does not have in MQTT 5', () => {
  test('a will is left aside, and the log says so', async () => {
    fixture = await startBroker()
    const watcher = (await connected({ clientId: 'GID_demo@@@watcher' })).client
    watcher.send(subscribeTo('demo/#'))
    await watcher.next('suback')
    const { client } = await connected({
      will: { topic: 'demo/will', payload: Buffer.from('gone'), qos: 1, retain: false },
    })
    client.destroy()
    await expect.poll(() => fixture.store.sessions.count()).toBe(1)
    expect(await watcher.settled()).toEqual([])
    expect(fixture.log.find({ cause: 'will-not-supported' })).toMatchObject([
      { kind: 'warn', message: 'the will to demo/will is left aside', clientId: 'GID_demo@@@device' },
    ])
    expect(fixture.log.assumed).toContainEqual({ id: 'A-81', about: 'GID_demo@@@device' })
  })

  test('a retained publication ends the connection with 0x9A', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    client.send(publishTo('demo/a', { retain: true }))
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x9a }])
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'protocol-error' }])
  })

  test('what an older client has retained is not for clients of MQTT 5', async () => {
    fixture = await startBroker()
    const older = await opened(undefined, 4)
    older.send(connectPacket('GID_demo@@@older'), publishTo('demo/a', { retain: true, qos: 1, messageId: 1 }))
    await older.next('puback')
    const { client } = await connected()
    client.send(subscribeTo('demo/a'))
    await client.next('suback')
    expect(await client.settled()).toEqual([])
    older.send(subscribeTo('demo/a'))
    expect(await older.next('publish')).toMatchObject({ topic: 'demo/a', retain: true })
  })

  test('what an older client publishes now comes through, retained or not, with the flag where that is asked for', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    client.send(subscribeTo('demo/kept', { rap: true }), subscribeTo('demo/bare'))
    await client.next('suback')
    await client.next('suback')
    const older = await opened(undefined, 4)
    older.send(connectPacket('GID_demo@@@older'))
    older.send(publishTo('demo/kept', { retain: true }), publishTo('demo/bare', { retain: true }))
    expect(await client.next('publish')).toMatchObject({ topic: 'demo/kept', retain: true })
    expect(await client.next('publish')).toMatchObject({ topic: 'demo/bare', retain: false })
  })

  test('a shared subscription is answered 0x9E', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    client.send(subscribeTo('$share/group/demo/a'))
    expect(await client.next('suback')).toMatchObject({ granted: [0x9e] })
  })

  test('enhanced authentication is answered 0x8C', async () => {
    fixture = await startBroker()
    const { connack } = await connected({ properties: { authenticationMethod: 'SCRAM-SHA-1' } })
    expect(connack).toMatchObject({ reasonCode: 0x8c })
  })
})

describe('C1: MQTT 5 between clients', () => {
  test('carries user properties, content type, response topic, correlation data and expiry', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    client.send(subscribeTo('demo/a', {}, { subscriptionIdentifier: 268_435_455 }))
    expect(await client.next('suback')).toMatchObject({ granted: [1] })
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 100,
      contentType: 'text/plain',
      responseTopic: 'demo/answers',
      correlationData: Buffer.from([1, 2, 3]),
      userProperties: { site: 'b', unit: ['1', '2'] },
    }
    client.send(publishTo('demo/a', { qos: 1, messageId: 3, properties }))
    const received = await client.next('publish')
    expect(received).toMatchObject({ topic: 'demo/a', qos: 1 })
    expect({ ...received.properties }).toEqual({
      ...properties,
      userProperties: { ...properties.userProperties },
      subscriptionIdentifier: 268_435_455,
    })
  })

  test('a topic alias stands for its topic, and one that is unknown or too large ends the connection with 0x94', async () => {
    fixture = await startBroker()
    const watcher = (await connected({ clientId: 'GID_demo@@@watcher' })).client
    watcher.send(subscribeTo('demo/#'))
    await watcher.next('suback')
    const { client } = await connected()
    client.send(
      publishTo('demo/a', { properties: { topicAlias: 10 } }),
      publishTo('', { properties: { topicAlias: 10 } }),
    )
    for (let count = 0; count < 2; count += 1) {
      const { topic, properties } = await watcher.next('publish')
      expect({ topic, alias: properties?.topicAlias }).toEqual({ topic: 'demo/a', alias: undefined })
    }
    client.send(publishTo('', { properties: { topicAlias: 9 } }))
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x94 }])
    const other = (await connected()).client
    other.send(publishTo('demo/a', { properties: { topicAlias: 11 } }))
    expect(await other.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x94 }])
  })

  test('3.1.1 and 5 hear each other', async () => {
    fixture = await startBroker()
    const older = await opened(undefined, 4)
    older.send(connectPacket('GID_demo@@@older'), subscribeTo('demo/#'))
    await older.next('suback')
    const { client } = await connected()
    client.send(subscribeTo('demo/#'), publishTo('demo/a', { properties: { userProperties: { a: 'b' } } }))
    expect(await older.next('publish')).toMatchObject({ topic: 'demo/a' })
    expect(await client.next('publish')).toMatchObject({ topic: 'demo/a' })
    older.send(publishTo('demo/b'))
    expect(await client.next('publish')).toMatchObject({ topic: 'demo/b' })
  })

  test('a session that outlives its connection keeps its subscriptions and what came meanwhile', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const lasting = { clean: false, properties: { sessionExpiryInterval: 3600 } }
    const first = (await connected(lasting, device)).client
    first.send(subscribeTo('demo/a'))
    await first.next('suback')
    first.send({ cmd: 'disconnect', reasonCode: 0 } as Packet)
    await first.closed
    const other = (await connected({ clientId: 'GID_demo@@@other' })).client
    other.send(publishTo('demo/a', { qos: 1, messageId: 9 }))
    await other.next('puback')
    const second = await connected(lasting, device)
    expect(second.connack.sessionPresent).toBe(true)
    expect(await second.client.next('publish')).toMatchObject({ topic: 'demo/a', qos: 1 })
    second.client.destroy()
    const third = await connected({ ...lasting, clean: true }, device)
    expect(third.connack.sessionPresent).toBe(false)
  })

  test.each([4, 5] as const)('a session without subscriptions is present, too, in level %i', async (level) => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const lasting = { clean: false, ...(level === 5 && { properties: { sessionExpiryInterval: 3600 } }) }
    const connect = level === 5 ? connect5(lasting) : connectPacket('GID_demo@@@device', lasting)
    const sessionsPresent: boolean[] = []
    for (let times = 0; times < 3; times += 1) {
      const client = await opened(device, level)
      client.send(connect)
      sessionsPresent.push((await client.next('connack')).sessionPresent)
      if (times > 0) continue // the third takes over from the second
      client.destroy()
      await expect.poll(() => fixture.store.sessions.count()).toBe(0)
    }
    expect(sessionsPresent).toEqual([false, true, true])
  })

  test('a session that began without expiry ends with its connection', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = (await connected({ clean: false }, device)).client
    first.send(subscribeTo('demo/a'))
    await first.next('suback')
    first.destroy()
    await expect.poll(() => fixture.store.sessions.count()).toBe(0)
    expect((await connected({ clean: false }, device)).connack.sessionPresent).toBe(false)
  })
})

describe('C8: how MQTT 5 clients are told of an end', () => {
  test('an inactivation says 0x98 and why, before the change is answered', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const { client } = await connected({}, device)
    await fixture.setDeviceStatus(device, 'inactive')
    expect(await client.closed).toMatchObject([
      {
        cmd: 'disconnect',
        reasonCode: 0x98,
        properties: { reasonString: expect.stringMatching(/inactive since .* by access key LTAItest/) },
      },
    ])
    expect(fixture.log.assumed).toContainEqual({ id: 'A-82', about: 'GID_demo@@@device' })
  })

  test('a client in the middle of sending reads it too', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const { client } = await connected({}, device)
    client.send(...Array.from({ length: 200 }, () => publishTo('demo/a', { payload: Buffer.alloc(60_000) })))
    await fixture.setDeviceStatus(device, 'inactive')
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x98 }])
  })

  test('a newer connection of the same client id says 0x8E', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    await connected()
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8e }])
  })

  test('a reset says 0x98, the end of the emulator 0x8B', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    await fixture.broker.pause()
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x98 }])
    fixture.broker.resume()
    const last = (await connected()).client
    await fixture.broker.close()
    expect(await last.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8b }])
  })

  test('an unknown topic says 0x87', async () => {
    fixture = await startBroker()
    const { client } = await connected()
    client.send(publishTo('nowhere/a', { qos: 1, messageId: 5 }))
    expect(await client.closed).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x87 }])
  })

  test('a client that takes no long packet is told without the reason', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const { client } = await connected({ properties: { maximumPacketSize: 80 } }, device)
    await fixture.setDeviceStatus(device, 'inactive')
    const [disconnect] = await client.closed
    expect(disconnect).toMatchObject({ cmd: 'disconnect', reasonCode: 0x98 })
    expect(disconnect).not.toHaveProperty('properties.reasonString')
  })
})

describe('an MQTT 5 client that is ended', () => {
  test('before its CONNACK has gone out is told nothing', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const clients = await Promise.all(Array.from({ length: 8 }, () => opened(device)))
    for (const client of clients) client.send(connect5())
    await expect.poll(() => fixture.log.find({ cause: 'session-taken-over' })).toHaveLength(7)
    await fixture.broker.pause()
    const told = (await Promise.all(clients.map(({ closed }) => closed))).map(([first]) => first?.cmd)
    expect(told.filter((cmd) => cmd !== undefined && cmd !== 'connack')).toEqual([])
  })

  test('is not heard any more, not even by the parser', async () => {
    fixture = await startBroker()
    const five = { protocolVersion: 5 }
    const raw = await rawClient(fixture, await fixture.makeDevice())
    raw.send(generate(connect5(), five), generate(publishTo('$reserved'), five))
    // behind as many bytes as the packet that ended it had: aedes would take them for that one once more
    const cutShort = [0x30, 7, 0, 1, 0x61, 3, 0x08, 0, 5]
    raw.send(Buffer.from([...Buffer.alloc(2 + 9 + 1 + 5), ...cutShort]))
    await raw.closed
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'topic-not-allowed' }])
    await connected()
  })
})

describe('C10: a refused client of MQTT 5', () => {
  test('is cut without a word by default', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = (await connected({}, device)).client
    await fixture.setDeviceStatus(device, 'inactive')
    await first.closed
    const refused = await opened(device)
    refused.send(connect5())
    expect(await refused.closed).toEqual([])
  })

  test.each([
    ['an inactive certificate', 0x87, 'device-inactive', {}],
    ['a client id of no group', 0x85, 'bad-client-id', { clientId: 'GID_none@@@1' }],
    [
      'a wrong password',
      0x86,
      'bad-credentials',
      { username: 'Signature|LTAIowner|post-cn-first', password: Buffer.from('x') },
    ],
  ])(
    'hears of %s by a CONNACK with reason code %i and a reason, where that is set',
    async (_, reasonCode, cause, more) => {
      fixture = await startBroker({ rejectAt: 'connack' })
      const device = await fixture.makeDevice()
      await (await connected({}, device)).client.settled()
      if (cause === 'device-inactive') await fixture.setDeviceStatus(device, 'inactive')
      const refused = await opened(device)
      refused.send(connect5(more))
      const [connack, ...rest] = await refused.closed
      const [{ message } = { message: '' }] = fixture.log.find({ kind: 'refuse' })
      expect(connack).toMatchObject({ cmd: 'connack', reasonCode, properties: { reasonString: message } })
      expect(rest).toEqual([])
      expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause }])
    },
  )
})

test('names that every object has are names like any other, or are refused', async () => {
  fixture = await startBroker({ strict: false })
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    const { client } = await connected({ clientId: name })
    client.send(subscribeTo(name), publishTo(name))
    expect(await client.next('publish')).toMatchObject({ topic: name })
    client.send({ cmd: 'unsubscribe', messageId: 8, unsubscriptions: [name] } as Packet)
    expect(await client.next('unsuback')).toMatchObject({ granted: [0] })
  }
  const proto = await opened()
  proto.send(connect5({ clientId: '__proto__' }))
  await Promise.race([proto.next('connack'), proto.closed])
  expect((await connected()).connack).toMatchObject({ reasonCode: 0 })
})
