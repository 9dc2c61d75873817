import { connect as connectTcp, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { IClientOptions } from 'mqtt'
import { generate } from 'mqtt-packet'
import { StoreUnavailableError, type Store } from '@apsaramq/store'
import { secondInstance, startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { accepted, connectPacket, mqttClient, rawClient, tryMqtt } from './testing/clients.ts'
import { holdReads, type Hold } from './testing/held-store.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const dayMs = 86_400_000

/** A client that is to be refused. */
interface Case {
  device: TestDevice | undefined
  options?: IClientOptions
}

/** Makes a device that was accepted once. */
async function knownDevice(): Promise<TestDevice> {
  const device = await fixture.makeDevice()
  await (await mqttClient(fixture, device)).endAsync()
  return device
}

const cases: [cause: string, code: number, prepare: () => Promise<Case>][] = [
  ['no-certificate', 5, async () => ({ device: undefined })],
  ['ca-unknown', 5, async () => ({ device: await fixture.makeDevice({ ca: await fixture.makeCa() }) })],
  [
    'ca-inactive',
    5,
    async () => {
      await fixture.setCaStatus(fixture.ca, 'inactive')
      return { device: await fixture.makeDevice() }
    },
  ],
  [
    'device-inactive',
    5,
    async () => {
      const device = await knownDevice()
      await fixture.setDeviceStatus(device, 'inactive')
      return { device }
    },
  ],
  [
    'certificate-expired',
    5,
    async () => {
      const now = fixture.clock.now()
      return { device: await fixture.makeDevice({ validFrom: now - 2 * dayMs, validUntil: now - dayMs }) }
    },
  ],
  [
    'certificate-not-yet-valid',
    5,
    async () => ({ device: await fixture.makeDevice({ validFrom: fixture.clock.now() + dayMs }) }),
  ],
  [
    'chain-invalid',
    5,
    async () => ({
      device: await fixture.makeDevice({ ca: await fixture.makeCa({ commonName: fixture.ca.record.name }) }),
    }),
  ],
  ['fingerprint-mismatch', 5, async () => ({ device: await fixture.makeDevice({ sn: (await knownDevice()).sn }) })],
  [
    'wrong-instance',
    5,
    async () => ({
      device: await fixture.makeDevice(),
      options: { servername: `${secondInstance}.mqtt.aliyuncs.com` },
    }),
  ],
  [
    'bad-credentials',
    4,
    async () => ({ device: await fixture.makeDevice(), options: { username: 'me', password: 'secret' } }),
  ],
  ['bad-client-id', 2, async () => ({ device: await fixture.makeDevice(), options: { clientId: 'GID_none@@@1' } })],
]

describe.each(['cut', 'connack'] as const)('C10: refused by %s', (rejectAt) => {
  test.each(cases)('%s', async (cause, code, prepare) => {
    fixture = await startBroker({ rejectAt })
    const { device, options } = await prepare()
    const neighbor = await mqttClient(fixture, await registeredNeighbor(), { clientId: 'GID_demo@@@neighbor' }).catch(
      () => undefined, // an inactive CA lets no new neighbor in
    )
    const outcome = await tryMqtt(fixture, device, options)
    expect(outcome).toEqual({ connected: false, code: rejectAt === 'connack' ? code : undefined })
    const refusals = fixture.log.find({ kind: 'refuse', clientId: options?.clientId ?? 'GID_demo@@@device' })
    expect(refusals).toMatchObject([{ plane: 'mqtt', cause, remoteAddress: '127.0.0.1' }])
    expect(fixture.store.sessions.list('all').map(({ clientId }) => clientId)).toEqual(
      neighbor ? ['GID_demo@@@neighbor'] : [],
    )
    if (neighbor) await neighbor.publishAsync('demo', 'still here', { qos: 1 })
  })
})

test.each([
  ['alone', ''],
  ['with a root', ', and the certificates sent with it lead to none'],
])('an unknown issuer is refused, and what came with the certificate told: %s', async (sent, told) => {
  fixture = await startBroker()
  const ca = await fixture.makeCa()
  const device = await fixture.makeDevice({ ca })
  const rest = sent === 'with a root' ? ca.certificate : ''
  const outcome = await tryMqtt(fixture, { ...device, certificate: `${device.certificate}\n${rest}` })
  expect(outcome).toEqual({ connected: false, code: undefined })
  const message = `no registered CA is ${ca.record.subject}, the issuer of device certificate ${device.sn} (device)${told}`
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-unknown', message }])
})

async function registeredNeighbor(): Promise<TestDevice> {
  return fixture.makeDevice()
}

describe('C10: before there is a CONNECT', () => {
  test('a version after MQTT 5 is answered 0x84, whatever the setting', async () => {
    fixture = await startBroker()
    const raw = await rawClient(fixture, await fixture.makeDevice())
    const connect = generate(connectPacket())
    connect[8] = 6 // the level comes behind the header and the name
    raw.send(connect)
    expect(await raw.closed).toEqual(Buffer.from([0x20, 3, 0, 0x84, 0]))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      { cause: 'protocol-version-unsupported', message: 'the client speaks MQTT level 6; 3.1, 3.1.1 and 5 are served' },
    ])
  })

  test('a level that does not exist is answered CONNACK 1', async () => {
    fixture = await startBroker()
    const raw = await rawClient(fixture, await fixture.makeDevice())
    const bytes = generate(connectPacket())
    bytes[8] = 2
    raw.send(bytes)
    expect(await raw.closed).toEqual(Buffer.from([0x20, 2, 0, 1]))
  })

  test('a client that sends none is cut when its time is up', async () => {
    fixture = await startBroker()
    const raw = await rawClient(fixture, undefined)
    fixture.clock.advance(9_999)
    expect(fixture.log.entries).toEqual([])
    fixture.clock.advance(1)
    await raw.closed
    expect(fixture.log.entries).toMatchObject([
      {
        kind: 'refuse',
        cause: 'connect-timeout',
        message: 'no CONNECT within 10000 ms, and no certificate was presented',
      },
    ])
  })

  test.each([
    ['a packet over the size', [0x10, 0xff, 0xff, 0x7f], 'packet-too-large'],
    ['another packet', [0xc0, 0], 'protocol-error'],
    ['another protocol', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'protocol-error'],
    [
      'a will to a wildcard',
      [...generate(connectPacket('x', { will: { topic: 'demo/#', payload: 'x' } }))],
      'protocol-error',
    ],
    ['a CONNECT that is cut short', [0x10, 6, 0, 4, 0x4d, 0x51, 0x54, 0x54], 'protocol-error'],
  ])('%s is cut', async (_what, bytes, cause) => {
    fixture = await startBroker()
    const raw = await rawClient(fixture, await fixture.makeDevice())
    raw.send(Buffer.from(bytes))
    expect(await raw.closed).toEqual(Buffer.alloc(0))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause }])
  })

  test.each<[string, (socket: Socket) => void]>([
    ['bytes that are no TLS', (socket) => void socket.write(generate(connectPacket()))],
    ['a client that leaves before it has said anything', (socket) => void socket.end()],
    ['a client that resets the connection', (socket) => void socket.resetAndDestroy()],
  ])('%s: the handshake is logged as failed, with the address', async (_what, fail) => {
    fixture = await startBroker()
    const socket = connectTcp(fixture.port, '127.0.0.1')
    socket.on('error', () => socket.destroy()) // reset by the server
    socket.once('connect', () => fail(socket))
    expect(await fixture.log.waitFor({ kind: 'refuse' })).toMatchObject({
      cause: 'tls-failed',
      remoteAddress: '127.0.0.1',
    })
  })

  test('a CONNECT that comes byte by byte, and packets behind one that come with it, are read', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const raw = await rawClient(fixture, device)
    for (const byte of generate(connectPacket())) raw.send(Uint8Array.of(byte))
    expect(await raw.received(4)).toEqual(accepted)
    const eager = await rawClient(fixture, device)
    const publications = Array.from({ length: 60 }, (_, at) => at + 1)
    eager.send(
      connectPacket('GID_demo@@@eager'),
      ...publications.map((messageId) => ({
        cmd: 'publish' as const,
        topic: 'demo',
        payload: 'x',
        qos: 1 as const,
        messageId,
        dup: false,
        retain: false,
      })),
    )
    const acks = publications.map((messageId) => generate({ cmd: 'puback', messageId }))
    expect(await eager.received(4 + 4 * acks.length)).toEqual(Buffer.concat([accepted, ...acks]))
  })
})

describe('C10: a store that fails', () => {
  test('refuses whom it cannot tell apart', async () => {
    let isFailing = false
    fixture = await startBroker({ rejectAt: 'connack' }, (store) => failing(store, () => isFailing))
    const device = await knownDevice()
    isFailing = true
    expect(await tryMqtt(fixture, device)).toEqual({ connected: false, code: 3 })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      { cause: 'store-failed', message: 'the store failed: the disk is away' },
    ])
    isFailing = false
    await mqttClient(fixture, device)
  })

  test('refuses whom it cannot register', async () => {
    fixture = await startBroker({ rejectAt: 'connack' }, (store) => ({
      ...bound(store),
      transact: () => Promise.reject(new StoreUnavailableError('the disk is full')),
    }))
    const device = await fixture.makeDevice()
    expect(await tryMqtt(fixture, device)).toEqual({ connected: false, code: 3 })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'store-failed' }])
    expect(fixture.log.find({ kind: 'register' })).toEqual([])
    expect(await fixture.recordOf(device)).toBeUndefined()
  })

  test('refuses when it does not answer in time', async () => {
    let hold: Hold | undefined
    fixture = await startBroker({}, (store) => (hold = holdReads(store, 'instances')).store)
    const raw = await rawClient(fixture, await fixture.makeDevice())
    const held = hold!.next()
    raw.send(connectPacket())
    await held
    fixture.clock.advance(10_000)
    expect(await raw.closed).toEqual(Buffer.alloc(0))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      { cause: 'store-failed', message: 'the store did not answer within 10000 ms' },
    ])
    hold!.release()
  })
})

describe('C3: a change between the look-up and the admission', () => {
  test.each([
    ['cut', Buffer.alloc(0)],
    ['connack', Buffer.from([0x20, 2, 0, 5])],
  ] as const)('refuses by %s whom the look-up had found active', async (rejectAt, answer) => {
    let hold: Hold | undefined
    fixture = await startBroker({ rejectAt }, (store) => (hold = holdReads(store, 'instances')).store)
    const device = await knownDevice()
    const raw = await rawClient(fixture, device)
    const held = hold!.next()
    raw.send(connectPacket())
    await held
    await fixture.setDeviceStatus(device, 'inactive')
    hold!.release()
    expect(await raw.closed).toEqual(answer)
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive' }])
    expect(fixture.store.sessions.count()).toBe(0)
  })

  test('admits whom the look-up had found inactive', async () => {
    let hold: Hold | undefined
    fixture = await startBroker({}, (store) => (hold = holdReads(store, 'deviceCertificates')).store)
    const device = await knownDevice()
    await fixture.setDeviceStatus(device, 'inactive')
    const raw = await rawClient(fixture, device)
    const held = hold!.next()
    raw.send(connectPacket())
    await held
    await fixture.setDeviceStatus(device, 'active')
    hold!.release()
    expect(await raw.received(4)).toEqual(accepted)
  })

  test('refuses whose CA was deleted meanwhile', async () => {
    let hold: Hold | undefined
    fixture = await startBroker({}, (store) => (hold = holdReads(store, 'instances')).store)
    const device = await knownDevice()
    const raw = await rawClient(fixture, device)
    const held = hold!.next()
    raw.send(connectPacket())
    await held
    await fixture.deleteCa(fixture.ca)
    hold!.release()
    expect(await raw.closed).toEqual(Buffer.alloc(0))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-unknown' }])
  })
})

/** The store with its methods bound, to be spread. */
function bound(store: Store): Store {
  return {
    read: store.read,
    sessions: store.sessions,
    transact: store.transact.bind(store),
    subscribe: store.subscribe.bind(store),
    reset: store.reset.bind(store),
    onReset: store.onReset.bind(store),
    isEmpty: store.isEmpty.bind(store),
    close: store.close.bind(store),
  }
}

function failing(store: Store, isFailing: () => boolean): Store {
  const { caCertificates } = store.read
  return {
    ...bound(store),
    read: {
      ...store.read,
      caCertificates: {
        get: (key) => caCertificates.get(key),
        count: (group, name) => caCertificates.count(group, name),
        list: (...args) =>
          isFailing() ? Promise.reject(new StoreUnavailableError('the disk is away')) : caCertificates.list(...args),
      },
    },
  }
}
