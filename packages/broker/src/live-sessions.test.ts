import { once } from 'node:events'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import { systemClock, systemRandom } from '@apsaramq/model'
import { issueCa, issueServer } from '@apsaramq/pki'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { accepted, closeOf, connectPacket, messageTo, mqttClient, rawClient, tryMqtt } from './testing/clients.ts'
import { holdReads, type Hold } from './testing/held-store.ts'

let fixture: BrokerFixture
afterEach(async () => {
  vi.restoreAllMocks()
  await fixture.close()
})

/** A client of its own device that hears `demo/#`, and what it has heard. */
async function listener(): Promise<{ heard: string[]; until(text: string): Promise<void>; client: MqttClient }> {
  const client = await mqttClient(fixture, await fixture.makeDevice(), { clientId: 'GID_demo@@@listener' })
  const heard: string[] = []
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
  await client.subscribeAsync('demo/#', { qos: 1 })
  return {
    heard,
    client,
    async until(text) {
      while (!heard.includes(text)) await messageTo(client)
    },
  }
}

function publish(text: string, messageId: number): Packet {
  return { cmd: 'publish', topic: `demo/${messageId}`, payload: text, qos: 1, messageId, dup: false, retain: false }
}

/** Local ports of the clients whose sockets the broker has destroyed. */
function watchDestroyed(): Set<number | undefined> {
  const ports = new Set<number | undefined>()
  const destroy = TLSSocket.prototype.destroy
  vi.spyOn(TLSSocket.prototype, 'destroy').mockImplementation(function (this: TLSSocket, error) {
    if (this.localPort === fixture.port) ports.add(this.remotePort)
    return destroy.call(this, error)
  })
  return ports
}

function portOf(client: MqttClient): number | undefined {
  return (client.stream as TLSSocket).localPort // mqtts runs on a TLS socket
}

describe('C5: an answered inactivation', () => {
  test('has ended the sockets and the sessions of the certificate', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    const port = portOf(client)
    const destroyed = watchDestroyed()
    const end = closeOf(client)
    const { requestId, accessKeyId, at } = await fixture.setDeviceStatus(device, 'inactive')
    expect(destroyed).toEqual(new Set([port]))
    expect(fixture.store.sessions.list('all')).toEqual([])
    expect(fixture.log.find({ kind: 'drop' })).toEqual([
      {
        plane: 'mqtt',
        kind: 'drop',
        cause: 'device-inactive',
        message: `device certificate ${device.sn} of CA ${device.ca.record.sn} inactive since ${new Date(at).toISOString()} by access key LTAItest, request ${requestId}`,
        requestId,
        accessKeyId,
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
    expect(fixture.log.assumed).toContainEqual({ id: 'A-01', about: device.sn })
    await end
    expect(await tryMqtt(fixture, device)).toMatchObject({ connected: false })
    expect(fixture.log.find({ kind: 'disconnect' })).toEqual([])
  })

  test('says goodbye in TLS, so that clients that insist on it try again', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const raw = await rawClient(fixture, device)
    raw.send(connectPacket())
    await raw.received(4)
    const ended = once(raw.socket, 'end')
    await fixture.setDeviceStatus(device, 'inactive')
    await ended
  })

  test('C7: ends all sessions of the certificate and nobody else', async () => {
    fixture = await startBroker()
    const [device, other] = [await fixture.makeDevice(), await fixture.makeDevice()]
    const join = (of: TestDevice, name: string) => (_: unknown, at: number) =>
      mqttClient(fixture, of, { clientId: `GID_demo@@@${name}-${at}`, connectTimeout: 120_000 })
    const doomed = await Promise.all(Array.from({ length: 50 }, join(device, 'doomed')))
    const kept = await Promise.all(Array.from({ length: 50 }, join(other, 'kept')))
    const ends = doomed.map(closeOf)
    await fixture.setDeviceStatus(device, 'inactive')
    expect(fixture.store.sessions.count()).toBe(50)
    expect(fixture.store.sessions.list('byDevice', device.recordKey)).toEqual([])
    await Promise.all(ends)
    await Promise.all(kept.map((client) => client.publishAsync('demo', 'still here', { qos: 1 })))
    expect(fixture.log.find({ kind: 'drop' })).toHaveLength(50)
    expect(fixture.log.find({ kind: 'disconnect' })).toEqual([])
  })

  test('keeps the will of the device to itself', async () => {
    fixture = await startBroker()
    const { heard, until, client } = await listener()
    const will = { topic: 'demo/will', payload: Buffer.from('gone'), qos: 0 as const, retain: false }
    const device = await fixture.makeDevice()
    const withWill = await mqttClient(fixture, device, { will })
    const end = closeOf(withWill)
    await fixture.setDeviceStatus(device, 'inactive')
    await end
    expect(fixture.log.assumed).toContainEqual({ id: 'A-15', about: 'GID_demo@@@device' })
    // a connection that breaks by itself publishes it
    const other = await mqttClient(fixture, await fixture.makeDevice(), { will: { ...will, topic: 'demo/other' } })
    other.stream.destroy()
    await until('demo/other gone')
    await client.publishAsync('demo/marker', '', { qos: 1 })
    await until('demo/marker ')
    expect(heard).toEqual(['demo/other gone', 'demo/marker '])
  })

  test('C11: nothing the broker had read but not accepted is forwarded; what it had acknowledged is', async () => {
    let hold: Hold | undefined
    fixture = await startBroker({}, (store) => (hold = holdReads(store, 'topics')).store)
    const { heard, until, client } = await listener()
    const device = await fixture.makeDevice()
    const raw = await rawClient(fixture, device)
    raw.send(connectPacket(), publish('acknowledged', 1))
    await raw.received(8)
    // a change of topics makes the broker ask again, and the answer waits
    await fixture.store.transact((tx) => tx.topics.put({ instanceId: 'post-cn-first', name: 'other', createdAt: 0 }))
    const held = hold!.next()
    raw.send(publish('read', 2), publish('read', 3))
    await held
    await fixture.setDeviceStatus(device, 'inactive')
    hold!.release()
    expect(await raw.closed).toEqual(Buffer.concat([accepted, generate({ cmd: 'puback', messageId: 1 })]))
    await client.publishAsync('demo/marker', '', { qos: 1 })
    await until('demo/marker ')
    expect(heard).toEqual(['demo/1 acknowledged', 'demo/marker '])
  })

  const endings = {
    inactivation: (device: TestDevice) => fixture.setDeviceStatus(device, 'inactive'),
    'deletion of its CA': ({ ca }: TestDevice) => fixture.deleteCa(ca),
  }
  test.each(Object.keys(endings) as (keyof typeof endings)[])(
    'C8: the will of a client that has gone is taken back by the %s while its topic is asked for',
    async (way) => {
      let hold: Hold | undefined
      fixture = await startBroker({}, (store) => (hold = holdReads(store, 'topics')).store)
      const { heard, until, client } = await listener()
      const clientId = 'GID_demo@@@gone'
      const ca = await fixture.makeCa()
      await fixture.registerCa(ca)
      const device = await fixture.makeDevice({ ca })
      const { stream } = await mqttClient(fixture, device, {
        clientId,
        will: { topic: 'demo/will', payload: Buffer.from('gone'), qos: 1, retain: false },
      })
      await fixture.store.transact((tx) => tx.topics.put({ instanceId: 'post-cn-first', name: 'other', createdAt: 0 }))
      const held = hold!.next()
      stream.destroy()
      await held
      await endings[way](device)
      hold!.release()
      await client.publishAsync('demo/marker', '', { qos: 1 })
      await until('demo/marker ')
      expect(heard).toEqual(['demo/marker '])
      const message = expect.stringContaining('the will of the client that has gone is not published') as unknown
      expect(fixture.log.find({ kind: 'warn' })).toMatchObject([{ clientId, message }])
      expect(fixture.log.assumed.filter(({ id }) => id === 'A-15')).toEqual([{ id: 'A-15', about: clientId }])
    },
  )
})

describe('C6: the policy is a setting', () => {
  test('keep leaves live sessions alone and refuses new connections', async () => {
    fixture = await startBroker({ liveSessions: { kind: 'keep' } })
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    await fixture.setDeviceStatus(device, 'inactive')
    await client.publishAsync('demo', 'still here', { qos: 1 })
    const outcome = await tryMqtt(fixture, device, { clientId: 'GID_demo@@@new' })
    expect(outcome).toMatchObject({ connected: false })
    expect(fixture.store.sessions.count()).toBe(1)
    const end = closeOf(client)
    fixture.store.sessions.delete(fixture.store.sessions.list('all')[0]!.id, 'by hand')
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([
      { cause: 'kicked', message: 'closed on request: by hand' },
    ])
  })

  test('C6: a session that a call closes says in its log line which call it was, and the client may come back', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    const [session] = fixture.store.sessions.list('all')
    const end = closeOf(client)
    const by = { at: 7, accessKeyId: 'LTAI1', requestId: 'R-1' }
    fixture.store.sessions.delete(session!.id, 'CloseConnection', by)
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([
      {
        cause: 'kicked',
        message: 'closed on request: CloseConnection by access key LTAI1, request R-1',
        accessKeyId: 'LTAI1',
        requestId: 'R-1',
        clientId: session!.clientId,
        deviceSn: device.sn,
      },
    ])
    await mqttClient(fixture, device)
    expect(fixture.store.sessions.list('all')).toMatchObject([{ clientId: session!.clientId }])
  })

  test('delay judges again when its time has come', async () => {
    fixture = await startBroker({ liveSessions: { kind: 'delay', delayMs: 5000 } })
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    await fixture.setDeviceStatus(device, 'inactive')
    fixture.clock.advance(4999)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    const end = closeOf(client)
    fixture.clock.advance(1)
    await end
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'device-inactive', deviceSn: device.sn }])
  })

  test('delay forgets a device that was reactivated in time', async () => {
    fixture = await startBroker({ liveSessions: { kind: 'delay', delayMs: 5000 } })
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    await fixture.setDeviceStatus(device, 'inactive')
    await fixture.setDeviceStatus(device, 'active')
    fixture.clock.advance(5000)
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.log.find({ kind: 'drop' })).toEqual([])
  })
})

describe('C9: the CA', () => {
  test('one that is inactivated leaves the sessions of registered devices alone', async () => {
    fixture = await startBroker()
    const client = await mqttClient(fixture, await fixture.makeDevice())
    await fixture.setCaStatus(fixture.ca, 'inactive')
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.store.sessions.count()).toBe(1)
  })

  test('one that is deleted takes the sessions under it with it, and no others', async () => {
    fixture = await startBroker()
    const other = await fixture.makeCa()
    await fixture.registerCa(other)
    const gone = await mqttClient(fixture, await fixture.makeDevice(), { clientId: 'GID_demo@@@gone' })
    const kept = await mqttClient(fixture, await fixture.makeDevice({ ca: other }), { clientId: 'GID_demo@@@kept' })
    const end = closeOf(gone)
    await fixture.deleteCa(fixture.ca)
    expect(fixture.store.sessions.list('all').map(({ clientId }) => clientId)).toEqual(['GID_demo@@@kept'])
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'ca-deleted', caSn: fixture.ca.record.sn }])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-24')).toHaveLength(1)
    await end
    await kept.publishAsync('demo', 'still here', { qos: 1 })
  })

  test('a purge of what an older registration left does not touch sessions of the new one', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.deleteCa(fixture.ca)
    await fixture.registerCa({ ...fixture.ca, record: { ...fixture.ca.record, id: 'ca-again' } })
    const client = await mqttClient(fixture, device)
    await fixture.deleteDevice(device) // the record of the first registration
    await client.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.store.sessions.list('all')).toMatchObject([{ caId: 'ca-again' }])
  })

  test('a deleted device certificate ends its sessions', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    const end = closeOf(client)
    await fixture.deleteDevice(device)
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'device-deleted', deviceSn: device.sn }])
    await end
  })
})

describe('a session', () => {
  test('ends with its DISCONNECT, or with its connection', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    await (await mqttClient(fixture, device)).endAsync()
    await fixture.log.waitFor({ kind: 'disconnect', message: 'the client sent DISCONNECT' })
    const client = await mqttClient(fixture, device)
    client.stream.destroy()
    await fixture.log.waitFor({ kind: 'disconnect', message: 'the connection closed without DISCONNECT' })
    expect(fixture.store.sessions.count()).toBe(0)
  })

  test('is taken over by a newer connection of its client id', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const older = await mqttClient(fixture, device)
    const end = closeOf(older)
    const newer = await mqttClient(fixture, await fixture.makeDevice())
    await end
    expect(fixture.log.find({ cause: 'session-taken-over' })).toMatchObject([
      { kind: 'disconnect', deviceSn: device.sn },
    ])
    expect(fixture.log.assumed).toContainEqual({ id: 'A-26', about: 'GID_demo@@@device' })
    await newer.publishAsync('demo', 'still here', { qos: 1 })
    expect(fixture.store.sessions.count()).toBe(1)
  })

  test('of many connections of one client id that come at once one is left', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const raws = await Promise.all(Array.from({ length: 6 }, () => rawClient(fixture, device)))
    for (const raw of raws) raw.send(connectPacket())
    await Promise.race(raws.map((raw) => raw.received(4)))
    const ended = raws.map((raw) => raw.closed.then(() => raw))
    const over: unknown[] = []
    for (const end of ended) void end.then((raw) => over.push(raw))
    while (over.length < 5) await Promise.race(ended.filter((_, at) => !over.includes(raws[at])))
    const [last] = raws.filter((raw) => !over.includes(raw))
    last!.send({ cmd: 'pingreq' })
    expect(await last!.received(6)).toEqual(Buffer.concat([accepted, Buffer.from([0xd0, 0])]))
    expect(fixture.store.sessions.count()).toBe(1)
  })
})

describe('the broker', () => {
  test('reset ends every session, forgets what was retained, and admits again', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    await client.publishAsync('demo/kept', 'retained', { qos: 1, retain: true })
    const end = closeOf(client)
    await fixture.broker.pause()
    fixture.broker.resume()
    expect(fixture.store.sessions.count()).toBe(0)
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'emulator-reset' }])
    await end
    const { heard, until, client: again } = await listener()
    await again.publishAsync('demo/marker', '', { qos: 1 })
    await until('demo/marker ')
    expect(heard).toEqual(['demo/marker '])
  })

  test('close ends every connection, those in a handshake too', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    const waiting = await rawClient(fixture, device)
    const end = closeOf(client)
    await fixture.broker.close()
    await Promise.all([end, waiting.closed])
    expect(fixture.log.find({ cause: 'emulator-stopping' })).toMatchObject([{ kind: 'drop' }, { kind: 'refuse' }])
    expect(await tryMqtt(fixture, device)).toMatchObject({ connected: false })
  })

  test('shows another server certificate from the next handshake on, and keeps its sessions', async () => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device)
    const deps = { clock: systemClock, random: systemRandom }
    const ca = await issueCa({ commonName: 'another server CA', keyType: 'ec' }, deps)
    const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
    fixture.broker.setTls({ key, cert: certificate })
    expect(await tryMqtt(fixture, device, { clientId: 'GID_demo@@@old' })).toMatchObject({ connected: false })
    expect(await fixture.log.waitFor({ cause: 'tls-failed' })).toMatchObject({ kind: 'refuse' })
    await mqttClient({ ...fixture, serverCa: ca.certificate }, device, { clientId: 'GID_demo@@@new' })
    await client.publishAsync('demo', 'still here', { qos: 1 })
  })

  test('a reset of the store ends the sessions it knows nothing of any more', async () => {
    fixture = await startBroker()
    const client = await mqttClient(fixture, await fixture.makeDevice())
    const end = closeOf(client)
    await fixture.store.reset({})
    expect(fixture.store.sessions.count()).toBe(0)
    await end
  })
})
