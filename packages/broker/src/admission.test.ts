import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import {
  firstInstance,
  ownerSecret,
  secondInstance,
  startBroker,
  type BrokerFixture,
} from './testing/broker-fixture.ts'
import { accepted, connectPacket, mqttClient, rawClient, tryMqtt } from './testing/clients.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@device'

const sign = (secret: string, text = clientId) => createHmac('sha1', secret).update(text).digest('base64')

describe('registration', () => {
  test('C2: a handshake registers nothing, the first accepted CONNECT registers the certificate active', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice({ commonName: 'thermometer' })
    const raw = await rawClient(fixture, device)
    raw.socket.destroy()
    await fixture.log.waitFor({ kind: 'disconnect' })
    expect(await fixture.recordOf(device)).toBeUndefined()

    await mqttClient(fixture, device)
    expect(await fixture.recordOf(device)).toMatchObject({
      caId: fixture.ca.record.id,
      instanceId: firstInstance,
      caSn: fixture.ca.record.sn,
      sn: device.sn,
      name: 'thermometer',
      status: 'active',
      registeredAt: fixture.clock.now(),
      statusChange: null,
    })
    expect(fixture.log.find({ kind: 'register' })).toHaveLength(1)
    expect(fixture.store.sessions.list('byDevice', device.recordKey)).toMatchObject([
      { clientId, deviceSn: device.sn, protocol: 'mqtt3.1.1', transport: 'mqtts', resumed: false },
    ])
  })

  test('C2: first CONNECTs of one certificate that come at once register it once, and all are accepted', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const raws = await Promise.all(Array.from({ length: 8 }, () => rawClient(fixture, device)))
    raws.forEach((raw, at) => raw.send(connectPacket(`GID_demo@@@${at}`)))
    expect(await Promise.all(raws.map((raw) => raw.received(4)))).toEqual(raws.map(() => accepted))
    expect(fixture.log.find({ kind: 'register' })).toHaveLength(1)
    expect(await fixture.store.read.deviceCertificates.count('byCa', fixture.ca.record.id)).toBe(1)
  })

  test('C2: RSA certificates over TLS 1.2 are registered too', async () => {
    fixture = await startBroker()
    const ca = await fixture.makeCa({ keyType: 'rsa' })
    await fixture.registerCa(ca)
    const device = await fixture.makeDevice({ ca, keyType: 'rsa' })
    const raw = await rawClient(fixture, device, { maxVersion: 'TLSv1.2' })
    raw.send(connectPacket())
    expect(await raw.received(4)).toEqual(accepted)
    expect(await fixture.recordOf(device)).toMatchObject({ status: 'active', caSn: ca.record.sn })
    expect(fixture.store.sessions.list('all')[0]?.tlsVersion).toBe('TLSv1.2')
  })

  test('a refused CONNECT registers nothing', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    expect(await tryMqtt(fixture, device, { clientId: 'nonsense' })).toEqual({ connected: false, code: undefined })
    expect(await fixture.recordOf(device)).toBeUndefined()
  })
})

describe('C3: the status is asked at CONNECT', () => {
  test('a certificate inactivated between handshake and CONNECT is cut at once', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = await mqttClient(fixture, device)
    await first.endAsync()
    const raw = await rawClient(fixture, device)
    const { requestId, accessKeyId } = await fixture.setDeviceStatus(device, 'inactive')
    expect(await raw.closed).toEqual(Buffer.alloc(0))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive', requestId, accessKeyId }])
  })

  test.each(['drop', 'keep'] as const)('one inactivated meanwhile is refused by its CONNECT under %s', async (kind) => {
    fixture = await startBroker({ rejectAt: 'connack', liveSessions: { kind } })
    const device = await fixture.makeDevice()
    const first = await mqttClient(fixture, device)
    const raw = await rawClient(fixture, device)
    await first.endAsync()
    await fixture.setDeviceStatus(device, 'inactive')
    raw.send(connectPacket())
    expect(await raw.closed).toEqual(Buffer.from([0x20, 2, 0, 5]))
  })

  test('one reactivated meanwhile is admitted', async () => {
    fixture = await startBroker({ rejectAt: 'connack' })
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.setDeviceStatus(device, 'inactive')
    const raw = await rawClient(fixture, device)
    await fixture.setDeviceStatus(device, 'active')
    raw.send(connectPacket())
    expect(await raw.received(4)).toEqual(accepted)
  })
})

describe('C4: a resumed TLS session is asked again', () => {
  test.each([
    ['TLSv1.2', 'with'],
    ['TLSv1.2', 'without'],
    ['TLSv1.3', 'with'],
    ['TLSv1.3', 'without'],
  ] as const)('%s, %s its certificate', async (version, having) => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const first = await rawClient(fixture, device, { maxVersion: version })
    first.send(connectPacket())
    await first.received(4)
    const session = first.session()!
    first.send({ cmd: 'disconnect' })
    await first.closed

    const resumed = await rawClient(fixture, having === 'with' ? device : undefined, { maxVersion: version, session })
    expect(resumed.socket.isSessionReused()).toBe(true)
    resumed.send(connectPacket())
    expect(await resumed.received(4)).toEqual(accepted)
    expect(fixture.store.sessions.list('all')).toMatchObject([
      { resumed: true, deviceSn: device.sn, tlsVersion: version },
    ])
    const again = resumed.session() ?? session
    resumed.send({ cmd: 'disconnect' })
    await resumed.closed

    await fixture.setDeviceStatus(device, 'inactive')
    const refused = await rawClient(fixture, having === 'with' ? device : undefined, {
      maxVersion: version,
      session: again,
    })
    expect(refused.socket.isSessionReused()).toBe(true)
    refused.send(connectPacket())
    expect(await refused.closed).toEqual(Buffer.alloc(0))
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
  })
})

describe('the CA', () => {
  test('an inactive CA refuses what is not registered, and admits what is with a warning', async () => {
    fixture = await startBroker()
    const known = await fixture.makeDevice()
    await (await mqttClient(fixture, known)).endAsync()
    await fixture.setCaStatus(fixture.ca, 'inactive')
    await mqttClient(fixture, known)
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([{ cause: 'ca-inactive', deviceSn: known.sn }])
    expect(fixture.log.assumed).toContainEqual({ id: 'A-03', about: known.sn })
    expect(await tryMqtt(fixture, await fixture.makeDevice())).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-inactive', caSn: fixture.ca.record.sn }])
  })

  test('C15: a deleted device certificate comes back active at its next CONNECT, with a warning', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.setDeviceStatus(device, 'inactive')
    await fixture.deleteDevice(device)
    const deletedAt = new Date(fixture.clock.now()).toISOString()
    fixture.clock.advance(60_000)
    await mqttClient(fixture, device)
    expect(await fixture.recordOf(device)).toMatchObject({ status: 'active', statusChange: null })
    const caSn = fixture.ca.record.sn
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([
      {
        cause: 'device-deleted',
        message: `device certificate ${device.sn} (device) of CA ${caSn} was deleted at ${deletedAt}, inactive by then, and comes back active: to keep a device out inactivate its certificate`,
        deviceSn: device.sn,
        caSn,
        clientId,
      },
    ])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-23')).toEqual([{ id: 'A-23', about: device.sn }])
  })

  test('C15: an inactive device comes back active when its deleted CA is registered again, with a warning', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.setDeviceStatus(device, 'inactive')
    await fixture.deleteCa(fixture.ca)
    await fixture.store.transact((tx) => tx.caCertificates.put({ ...fixture.ca.record, id: 'ca-again' }))
    await mqttClient(fixture, device)
    expect(fixture.log.find({ kind: 'warn' })).toMatchObject([
      {
        cause: 'ca-deleted',
        message: expect.stringMatching(/was deleted with its CA at .*, inactive by then, and comes back active/),
      },
    ])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-23')).toEqual([{ id: 'A-23', about: device.sn }])
  })

  test('C15: what was never deleted registers without a warning, and so does a client that comes again', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await mqttClient(fixture, device)
    expect(fixture.log.find({ kind: 'warn' })).toEqual([])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-23')).toEqual([])
  })

  test('a renewed CA of the same name and key does not revive what was inactivated under the old one', async () => {
    fixture = await startBroker()
    const twin = await fixture.makeCa({ commonName: fixture.ca.record.name })
    await fixture.registerCa(twin)
    const device = await fixture.makeDevice()
    const other = await fixture.makeDevice({ ca: twin })
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.setDeviceStatus(device, 'inactive')
    expect(await tryMqtt(fixture, device)).toMatchObject({ connected: false })
    await mqttClient(fixture, other)
    expect(await fixture.recordOf(other)).toMatchObject({ caSn: twin.record.sn })
  })
})

describe('the instance', () => {
  test('two instances share a listener and nothing else', async () => {
    fixture = await startBroker()
    const otherCa = await fixture.makeCa({ instanceId: secondInstance })
    await fixture.registerCa(otherCa)
    const here = await mqttClient(fixture, await fixture.makeDevice())
    const there = await mqttClient(fixture, await fixture.makeDevice({ ca: otherCa }))
    const heard: string[] = []
    there.on('message', (topic, payload) => heard.push(`${topic}: ${payload.toString()}`))
    const marker = new Promise((resolve) => there.once('message', resolve))
    await there.subscribeAsync('demo/#')
    await here.publishAsync('demo/1', 'from the first', { qos: 1 })
    await there.publishAsync('demo/2', 'from the second', { qos: 1 })
    await marker
    expect(heard).toEqual(['demo/2: from the second'])
    expect(here.connected && there.connected).toBe(true) // of one client id
  })

  test('the server name picks the instance, without regard to case', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await mqttClient(fixture, device, { servername: `${firstInstance.toUpperCase()}.mqtt.aliyuncs.com` })
    const wrong = { servername: `${secondInstance}.mqtt.aliyuncs.com` }
    expect(await tryMqtt(fixture, device, wrong)).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      {
        cause: 'wrong-instance',
        message: `the client asks for instance ${secondInstance}, its CA is registered with ${firstInstance}`,
      },
    ])
  })

  test('a server name and a username that name two are refused', async () => {
    fixture = await startBroker()
    const options = {
      servername: `${firstInstance}.mqtt.aliyuncs.com`,
      username: `Signature|LTAIowner|${secondInstance}`,
      password: 'x',
    }
    expect(await tryMqtt(fixture, await fixture.makeDevice(), options)).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      {
        cause: 'wrong-instance',
        message: `the server name asks for instance ${firstInstance}, the username for ${secondInstance}`,
      },
    ])
  })
})

describe('username and password', () => {
  test('a signature of the owner is accepted', async () => {
    fixture = await startBroker()
    await mqttClient(fixture, await fixture.makeDevice(), {
      username: `Signature|LTAIowner|${firstInstance}`,
      password: sign(ownerSecret),
    })
    expect(fixture.log.assumed.map(({ id }) => id)).not.toContain('A-04')
  })

  test.each([
    [`Signature|LTAIowner|${firstInstance}`, sign('wrong'), /the password is not base64/],
    [`Signature|LTAIowner|${firstInstance}`, sign(ownerSecret, 'GID_demo@@@other'), /the password is not base64/],
    [`Signature|LTAInobody|${firstInstance}`, sign(ownerSecret), /no access key LTAInobody/],
    [`Signature|LTAIother|${firstInstance}`, sign(ownerSecret), /LTAIother is not of account 1000000000000001/],
    [`Signature|LTAIowner|${firstInstance}`, undefined, /a username came without a password/],
    [`Token|LTAIowner|${firstInstance}`, 'R|x', /token authentication is not served/],
    [`DeviceCredential|DC.x|${firstInstance}`, 'x', /one-secret-per-device authentication is not served/],
    ['me', 'x', /the username is not Signature\|AccessKeyId\|InstanceId/],
  ])('%s with %s is refused', async (username, password, message) => {
    fixture = await startBroker({ rejectAt: 'connack' })
    const options = { username, ...(password !== undefined && { password }) }
    expect(await tryMqtt(fixture, await fixture.makeDevice(), options)).toEqual({ connected: false, code: 4 })
    const [entry] = fixture.log.find({ kind: 'refuse' })
    expect(entry).toMatchObject({ cause: 'bad-credentials', message: expect.stringMatching(message) })
    expect(JSON.stringify(entry)).not.toContain(ownerSecret)
  })
})
