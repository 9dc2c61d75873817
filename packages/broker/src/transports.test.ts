import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import type { IClientOptions } from 'mqtt'
import { systemClock, systemRandom } from '@apsaramq/model'
import { issueCa, issueServer } from '@apsaramq/pki'
import type { Transport } from './settings.ts'
import { firstInstance, openInstance, ownerSecret, startBroker, type BrokerFixture } from './testing/broker-fixture.ts'
import { accepted, closeOf, connectPacket, messageTo, mqttClient, rawClient, tryMqtt } from './testing/clients.ts'
import {
  connectWire,
  mqttBytes,
  rawFrame,
  webSocketOver,
  type Port,
  type Wire,
  type WireOptions,
} from './testing/wire.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@device'
const nothing = Buffer.alloc(0)
const disconnect = { cmd: 'disconnect' } as const

function credentials(instanceId: string): { username: string; password: string } {
  const password = createHmac('sha1', ownerSecret).update(clientId).digest('base64')
  return { username: `Signature|LTAIowner|${instanceId}`, password }
}

async function portOf(transport: Transport): Promise<Port> {
  const port = transport === 'mqtts' ? fixture.port : await fixture.listen(transport)
  return { port, serverCa: fixture.serverCa }
}

/** How mqtt.js reaches a transport of the fixture. */
async function by(transport: Transport): Promise<IClientOptions> {
  return { protocol: transport, host: 'localhost', port: (await portOf(transport)).port, path: '/mqtt' }
}

describe('C1: mqtt.js', () => {
  test.each(['mqtts', 'wss'] as const)('comes by %s with its certificate, hears and is heard', async (transport) => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device, await by(transport))
    await client.subscribeAsync('demo/#', { qos: 1 })
    const heard = messageTo(client)
    await client.publishAsync('demo/x', 'y'.repeat(60_000), { qos: 1 })
    expect(await heard).toBe(`demo/x ${'y'.repeat(60_000)}`)
    expect(fixture.store.sessions.list('all')).toMatchObject([
      { clientId, transport, instanceId: firstInstance, deviceSn: device.sn, tlsVersion: 'TLSv1.3', resumed: false },
    ])
  })

  test.each([
    ['mqtts', 'TLSv1.3'],
    ['wss', 'TLSv1.3'],
    ['mqtt', null],
    ['ws', null],
  ] as const)(
    'comes by %s to an instance of one-way TLS, where it is a session without certificate',
    async (transport, tlsVersion) => {
      fixture = await startBroker()
      const client = await mqttClient(fixture, undefined, { ...(await by(transport)), ...credentials(openInstance) })
      await client.subscribeAsync('demo/#', { qos: 1 })
      const heard = messageTo(client)
      await client.publishAsync('demo/x', 'y', { qos: 1 })
      expect(await heard).toBe('demo/x y')
      const [session] = fixture.store.sessions.list('all')
      expect(session).toEqual({
        id: expect.any(String),
        instanceId: openInstance,
        clientId,
        caId: null,
        caSn: null,
        deviceSn: null,
        fingerprint: null,
        protocol: 'mqtt3.1.1',
        transport,
        tlsVersion,
        resumed: false,
        remoteAddress: '127.0.0.1',
        connectedAt: fixture.clock.now(),
      })
      expect(fixture.log.assumed).toContainEqual({ id: 'A-63', about: clientId })
      expect(fixture.log.find({ kind: 'connect' })).toEqual([
        {
          plane: 'mqtt',
          kind: 'connect',
          message: `client ${clientId} connected as Signature|LTAIowner|${openInstance} (${[transport, tlsVersion]
            .filter((part) => part && part !== 'mqtts')
            .join(', ')})`,
          remoteAddress: '127.0.0.1',
          clientId,
          sessionId: session!.id,
          accountId: '1000000000000001',
          instanceId: openInstance,
        },
      ])
      const end = closeOf(client)
      fixture.store.sessions.delete(session!.id, 'by hand')
      await end
      expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'kicked', clientId }])
    },
  )

  test('C7: of one client id on two transports the newer takes over', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const older = await mqttClient(fixture, device, await by('wss'))
    const end = closeOf(older)
    const newer = await mqttClient(fixture, device)
    await end
    await newer.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.store.sessions.list('all')).toMatchObject([{ transport: 'mqtts' }])
  })
})

describe('C4: a TLS session that wss resumes is asked again', () => {
  test.each([
    ['TLSv1.2', 'with'],
    ['TLSv1.2', 'without'],
    ['TLSv1.3', 'with'],
    ['TLSv1.3', 'without'],
  ] as const)('%s, %s its certificate', async (version, having) => {
    fixture = await startBroker()
    const port = await portOf('wss')
    const device = await fixture.makeDevice()
    const first = await connectWire('wss', port, { device, tls: { maxVersion: version } })
    first.send(connectPacket())
    await first.received(4)
    first.send(disconnect)
    await first.closed

    const resume = (from: Wire, session = from.session()!) =>
      connectWire('wss', port, {
        ...(having === 'with' && { device }),
        tls: { maxVersion: version, session },
      })
    const resumed = await resume(first)
    resumed.send(connectPacket())
    expect(await resumed.received(4)).toEqual(accepted)
    expect(fixture.store.sessions.list('all')).toMatchObject([
      { transport: 'wss', resumed: true, deviceSn: device.sn, tlsVersion: version },
    ])
    resumed.send(disconnect)
    await resumed.closed

    await fixture.setDeviceStatus(device, 'inactive')
    const refused = await resume(resumed, resumed.session() ?? first.session()!)
    refused.send(connectPacket())
    expect(await refused.closed).toEqual(nothing)
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
  })
})

describe('C5: an answered inactivation', () => {
  test('has ended the sessions of the device by wss, and their sockets close', async () => {
    fixture = await startBroker()
    const wss = await by('wss')
    const [device, other] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const kept = await mqttClient(fixture, other, { ...wss, clientId: 'GID_demo@@@kept' })
    const client = await mqttClient(fixture, device, wss)
    const end = closeOf(client)
    await fixture.setDeviceStatus(device, 'inactive')
    expect(fixture.store.sessions.list('all')).toMatchObject([{ clientId: 'GID_demo@@@kept' }])
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
    expect(await tryMqtt(fixture, device, wss)).toEqual({ connected: false, code: undefined })
    await kept.publishAsync('demo', 'still here', { qos: 1 })
  })

  test('is seen by the client as a lost connection: no close frame, the end of TLS', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const wire = await connectWire('wss', await portOf('wss'), { device })
    wire.send(connectPacket())
    await wire.received(4)
    const closes = Promise.all([once(wire.webSocket!, 'close'), once(wire.socket, 'end')])
    await fixture.setDeviceStatus(device, 'inactive')
    expect((await closes)[0]).toEqual([1006, nothing])
    expect(fixture.log.assumed.map(({ id }) => id)).toEqual(expect.arrayContaining(['A-64', 'A-65']))
  })

  test('is told to a client of MQTT 5 by wss, before the close', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const wire = await connectWire('wss', await portOf('wss'), { device })
    wire.send(connectPacket(clientId, { protocolVersion: 5 }))
    const connack = await wire.received(4)
    const close = once(wire.webSocket!, 'close')
    await fixture.setDeviceStatus(device, 'inactive')
    const [type, , , reasonCode] = (await wire.closed).subarray(connack.length) // its length takes two bytes
    expect([type, reasonCode, (await close)[0]]).toEqual([0xe0, 0x98, 1000])
  })

  test('cuts a WebSocket that has not sent CONNECT', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    const wire = await connectWire('wss', await portOf('wss'), { device })
    await fixture.setDeviceStatus(device, 'inactive')
    expect(await wire.closed).toEqual(nothing)
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
  })

  test.each(['the handshake', 'half of the upgrade'])('counts for a connection that has done %s', async (done) => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    const raw = await rawClient(await portOf('wss'), device)
    if (done === 'half of the upgrade') raw.send(Buffer.from('GET /mqtt HTTP/1.1\r\nHost: loc'))
    await fixture.setDeviceStatus(device, 'inactive')
    if (done === 'half of the upgrade')
      raw.send(Buffer.from(`alhost\r\n${upgradeFields}`), rawFrame(0x82, connectPacket()))
    else (await webSocketOver(raw.socket, 'localhost')).send(mqttBytes(connectPacket()))
    await raw.closed
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
    expect(fixture.store.sessions.count()).toBe(0)
  })
})

describe('a refusal by WebSocket', () => {
  test('C10: under connack is read before the close frame', async () => {
    fixture = await startBroker({ rejectAt: 'connack' })
    const port = await portOf('wss')
    const wire = await connectWire('wss', port)
    const close = once(wire.webSocket!, 'close')
    wire.send(connectPacket())
    expect(await wire.closed).toEqual(Buffer.from([0x20, 2, 0, 5]))
    expect((await close)[0]).toBe(1000)
    const client = await tryMqtt({ ...fixture, ...port }, undefined, { ...(await by('wss')) })
    expect(client).toEqual({ connected: false, code: 5 })
  })

  test.each(['mqtt', 'ws'] as const)('A-27: names what is missing to a client that comes by %s', async (transport) => {
    fixture = await startBroker({ rejectAt: 'connack' })
    const options: WireOptions = transport === 'ws' ? { name: `${firstInstance}.mqtt.aliyuncs.com` } : {}
    const wire = await connectWire(transport, await portOf(transport), options)
    wire.send(connectPacket(clientId, credentials(firstInstance)))
    expect(await wire.closed).toEqual(Buffer.from([0x20, 2, 0, 5]))
    expect(fixture.log.find({ kind: 'refuse' })).toEqual([
      {
        plane: 'mqtt',
        kind: 'refuse',
        cause: 'tls-required',
        message: `instance ${firstInstance} has mutual TLS and takes no plain connection`,
        clientId,
        remoteAddress: '127.0.0.1',
      },
    ])
    expect(fixture.log.assumed).toContainEqual({ id: 'A-27', about: clientId })
  })
})

describe('the broker', () => {
  test('shows another server certificate by wss, too, and keeps its sessions', async () => {
    fixture = await startBroker()
    const wss = await by('wss')
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device, wss)
    const deps = { clock: systemClock, random: systemRandom }
    const ca = await issueCa({ commonName: 'another server CA', keyType: 'ec' }, deps)
    const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
    fixture.broker.setTls({ key, cert: certificate })
    expect(await tryMqtt(fixture, device, { ...wss, clientId: 'GID_demo@@@old' })).toMatchObject({ connected: false })
    await mqttClient({ ...fixture, serverCa: ca.certificate }, device, { ...wss, clientId: 'GID_demo@@@new' })
    await client.publishAsync('demo', 'still here', { qos: 1 })
  })

  test.each(['mqtts', 'wss', 'mqtt', 'ws'] as const)(
    'that is paused ends what came by %s, takes nobody, and does again afterwards',
    async (transport) => {
      fixture = await startBroker()
      const options = { ...(await by(transport)), ...credentials(openInstance) }
      const end = closeOf(await mqttClient(fixture, undefined, options))
      await fixture.broker.pause()
      await end
      expect(await tryMqtt(fixture, undefined, options)).toEqual({ connected: false, code: undefined })
      fixture.broker.resume()
      await mqttClient(fixture, undefined, options)
      const causes = [...fixture.log.find({ kind: 'drop' }), ...fixture.log.find({ kind: 'refuse' })]
      expect(causes.map(({ cause }) => cause)).toEqual(['emulator-reset', 'emulator-reset'])
    },
  )

  test('that closes cuts by every transport what is live, waits, or has not finished its handshakes', async () => {
    fixture = await startBroker()
    const [wss, ws, mqtt] = [await portOf('wss'), await portOf('ws'), await portOf('mqtt')]
    const live = await connectWire('ws', ws)
    live.send(connectPacket(clientId, credentials(openInstance)))
    await live.received(4)
    const waiting = [await connectWire('wss', wss), await connectWire('mqtt', mqtt)]
    const upgrading = await rawClient(wss, undefined)
    const halfway = await connectWire('mqtt', ws) // TCP, on a port that expects HTTP
    halfway.send(Buffer.from('GET /mqtt HTTP/1.1\r\n'))
    await fixture.broker.close()
    const ends = [live, ...waiting, upgrading, halfway].map(({ closed }) => closed)
    expect(await Promise.all(ends)).toEqual([accepted, nothing, nothing, nothing, nothing])
  })
})

const upgradeFields = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: mqtt',
  '\r\n',
].join('\r\n')
