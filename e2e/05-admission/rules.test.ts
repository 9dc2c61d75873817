import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  waitForConnect,
  waitForDisconnect,
  waitForMessage,
  type DeviceClientOptions,
} from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { ownerClient, target, topic, unique } from '../support/target.ts'
import { connectPacket, openTls } from '../support/tls-attempt.ts'

let directory: string
let ca: RegisteredCa
const client = ownerClient()
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  ca = await registerCa(client, directory)
})
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

async function online(device: Device, options: Partial<DeviceClientOptions> = {}) {
  const one = deviceClient({ endpoints: target, device, reconnectPeriod: 0, ...options })
  onTestFinished(() => one.endAsync(true))
  await waitForConnect(one)
  return one
}

describe('who is let in', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('C1: an RSA and an EC device over %s', async (version) => {
    for (const keyType of ['rsa', 'ec'] as const) {
      const one = await online(await makeDevice(ca, { keyType }), { minVersion: version, maxVersion: version })
      expect(one.connected).toBe(true)
    }
  })

  test('C1: a device with the documented username and password beside its certificate', async () => {
    const device = await makeDevice(ca)
    const username = `Signature|${target.accessKeyId}|${target.instanceId}`
    const password = createHmac('sha1', target.accessKeySecret).update(device.clientId).digest('base64')
    expect((await online(device, { username, password })).connected).toBe(true)
  })

  test('C7: one certificate serves several client ids at a time', async () => {
    const device = await makeDevice(ca)
    const clients = await Promise.all(
      [1, 2, 3].map(() => online({ ...device, clientId: `GID_demo@@@${unique('many')}` })),
    )
    expect(clients.every((one) => one.connected)).toBe(true)
  })

  test('C10: a second connection with the same client id takes over', async () => {
    const device = await makeDevice(ca)
    const first = await online(device)
    const lost = waitForDisconnect(first)
    const second = await online(device)
    expect(await lost).toMatchObject({ state: 'lost' })
    expect(second.connected).toBe(true)
  })
})

describe('what a client may do', () => {
  test.each([0, 1] as const)('C1: QoS %i goes from a device to its subscriber', async (qos) => {
    const [sender, receiver] = [await online(await makeDevice(ca)), await online(await makeDevice(ca))]
    const where = `${topic}/${unique()}`
    await receiver.subscribeAsync(where, { qos })
    const heard = waitForMessage(receiver, (message) => message.topic === where)
    await sender.publishAsync(where, 'payload', { qos })
    expect((await heard).payload.toString()).toBe('payload')
  })

  test('C16: a publication below a parent topic that does not exist ends the connection', async () => {
    const device = await makeDevice(ca)
    const one = await online(device)
    const lost = waitForDisconnect(one)
    one.publish('nowhere/at/all', 'x')
    expect(await lost).toMatchObject({ state: 'lost' })
    await expectExplained({ clientId: device.clientId }, 'topic-not-allowed')
  })

  test('C16: a payload above 64 KB is not delivered', async () => {
    const device = await makeDevice(ca)
    const [sender, receiver] = [await online(device), await online(await makeDevice(ca))]
    await receiver.subscribeAsync(`${topic}/large`)
    const lost = waitForDisconnect(sender)
    const heard = waitForMessage(receiver)
    sender.publish(`${topic}/large`, Buffer.alloc(64 * 1024 + 1))
    await lost
    await expectExplained({ clientId: device.clientId }, 'payload-too-large')
    const marker = await online(await makeDevice(ca))
    await marker.publishAsync(`${topic}/large`, 'marker')
    expect((await heard).payload.toString()).toBe('marker')
  })

  test('C16: a payload of 64 KB is', async () => {
    const [sender, receiver] = [await online(await makeDevice(ca)), await online(await makeDevice(ca))]
    const where = `${topic}/${unique()}`
    await receiver.subscribeAsync(where)
    const heard = waitForMessage(receiver, (message) => message.topic === where)
    sender.publish(where, Buffer.alloc(64 * 1024, 7))
    expect((await heard).payload.length).toBe(64 * 1024)
  })
})

describe('bytes that are no MQTT', () => {
  test.each([
    ['a CONNECT of another protocol', Buffer.from([0x10, 12, 0, 4, 0x48, 0x54, 0x54, 0x50, 4, 2, 0, 60, 0, 0])],
    ['a PUBLISH before any CONNECT', Buffer.from([0x30, 3, 0, 1, 0x61])],
    ['a packet that announces 256 MiB', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
    ['a length that never ends', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    [
      'a client id with U+0000',
      Buffer.from([0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 3, 0x61, 0, 0x62]),
    ],
  ])('C10: %s ends the connection without an acceptance', async (_, bytes) => {
    const { socket, answer } = await openTls(target, await makeDevice(ca))
    onTestFinished(() => void socket.destroy())
    socket.write(bytes)
    expect([...(await answer)]).not.toEqual([0x20, 2, 0, 0])
  })

  test('C10: a version after MQTT 5 is refused with the code of that version', async () => {
    const device = await makeDevice(ca)
    const { socket, answer } = await openTls(target, device)
    onTestFinished(() => void socket.destroy())
    const connect = Buffer.from(connectPacket(device.clientId))
    connect[8] = 6 // the level comes behind the header and the name
    socket.write(connect)
    expect([...(await answer)]).toEqual([0x20, 3, 0, 0x84, 0])
    await expectExplained({ sn: device.sn }, 'protocol-version-unsupported')
  })

  test('C10: after all of it devices are still admitted', async () => {
    expect((await online(await makeDevice(ca))).connected).toBe(true)
  })
})
