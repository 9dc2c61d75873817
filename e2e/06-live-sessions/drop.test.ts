import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  managementClient,
  waitForConnect,
  waitForDisconnect,
  waitForMessage,
  waitForRefusal,
  type DeviceClientOptions,
} from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { liveClients } from '../support/live-clients.ts'
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

type Action = 'InactivateDeviceCertificate' | 'ActiveDeviceCertificate' | 'DeleteDeviceCertificate'

async function call(action: Action, { sn, caSn }: Pick<Device, 'sn' | 'caSn'>): Promise<void> {
  const { status, body } = await client.call(action, { MqttInstanceId: target.instanceId, DeviceSn: sn, CaSn: caSn })
  expect({ status, code: body.Code }).toEqual({ status: 200, code: undefined })
}

async function online(device: Device, options: Partial<DeviceClientOptions> = {}) {
  const one = deviceClient({ endpoints: target, device, reconnectPeriod: 0, ...options })
  onTestFinished(() => one.endAsync(true))
  await waitForConnect(one)
  return one
}

const crowd = (one: Device) =>
  Promise.all(Array.from({ length: 50 }, () => online({ ...one, clientId: `GID_demo@@@${unique('crowd')}` })))

describe.each(liveClients)('$name', (kind) => {
  describeWith(kind.tool, kind.name, () => {
    test('C5: loses its connection to an inactivation, is refused, and recovers by itself', async () => {
      const device = await makeDevice(ca)
      const where = `${topic}/${unique()}`
      const live = kind.start(device, target, where)
      onTestFinished(() => live.stop())
      await live.online()
      const speaker = await online(await makeDevice(ca))
      const heard = live.received('before')
      await speaker.publishAsync(where, 'before', { qos: 1 })
      await heard

      const lost = live.offline()
      await call('InactivateDeviceCertificate', device)
      await lost
      await live.refused()
      await expectExplained({ clientId: device.clientId }, 'device-inactive')

      const back = live.online()
      await call('ActiveDeviceCertificate', device)
      await back
    })
  })
})

describe('inactivation', () => {
  test('C5: when the answer can be read, the session is gone and the socket ended', async () => {
    const device = await makeDevice(ca)
    const { socket, answer } = await openTls(target, device)
    onTestFinished(() => void socket.destroy())
    socket.write(connectPacket(device.clientId))
    expect([...(await answer)]).toEqual([0x20, 2, 0, 0])
    const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
    await call('InactivateDeviceCertificate', device)
    if (target.management) {
      const { sessions } = (await managementClient(target.management).request('GET', '/sessions')) as {
        sessions: { clientId: string }[]
      }
      expect(sessions.map((session) => session.clientId)).not.toContain(device.clientId)
    }
    await closed
  })

  test('C5: nothing the device publishes is forwarded once the answer was read', async () => {
    const where = `${topic}/${unique()}`
    const [listener, marker] = [await online(await makeDevice(ca)), await online(await makeDevice(ca))]
    await listener.subscribeAsync(where, { qos: 1 })
    const heard: string[] = []
    listener.on('message', (_, payload) => heard.push(payload.toString()))
    const device = await makeDevice(ca)
    const victim = await online(device)
    const flooding = new AbortController()
    const flood = (async () => {
      for (let number = 0; !flooding.signal.aborted && victim.connected; number += 1) {
        victim.publish(where, `victim ${number}`)
        if (number % 20 === 0) await new Promise<void>((resolve) => void setImmediate(resolve))
      }
    })()
    await waitForMessage(listener, ({ payload }) => payload.toString().startsWith('victim'))
    const gone = waitForDisconnect(victim)
    await call('InactivateDeviceCertificate', device)
    const first = waitForMessage(listener, ({ payload }) => payload.toString() === 'marker 1')
    const second = waitForMessage(listener, ({ payload }) => payload.toString() === 'marker 2')
    await marker.publishAsync(where, 'marker 1', { qos: 1 })
    await gone
    flooding.abort()
    await flood
    await marker.publishAsync(where, 'marker 2', { qos: 1 })
    await Promise.all([first, second])
    expect(heard.slice(heard.indexOf('marker 1'))).toEqual(['marker 1', 'marker 2'])
  })

  test('C8: the will is not published', async () => {
    const where = `${topic}/${unique()}`
    const listener = await online(await makeDevice(ca))
    await listener.subscribeAsync(where, { qos: 1 })
    const heard: string[] = []
    listener.on('message', (_, payload) => heard.push(payload.toString()))
    const device = await makeDevice(ca)
    const victim = await online(device, { will: { topic: where, payload: Buffer.from('will'), qos: 1, retain: false } })
    const gone = waitForDisconnect(victim)
    await call('InactivateDeviceCertificate', device)
    await gone
    const marker = waitForMessage(listener, ({ payload }) => payload.toString() === 'marker')
    await (await online(await makeDevice(ca))).publishAsync(where, 'marker', { qos: 1 })
    await marker
    expect(heard).toEqual(['marker'])
  })

  test(
    'C7: every session of the certificate ends, many client ids, and nobody else is touched',
    { timeout: 120_000 },
    async () => {
      const [device, other] = [await makeDevice(ca), await makeDevice(ca)]
      const [dropped, kept] = [await crowd(device), await crowd(other)]
      const gone = Promise.all(dropped.map((one) => waitForDisconnect(one)))
      await call('InactivateDeviceCertificate', device)
      expect((await gone).every(({ state }) => state === 'lost')).toBe(true)
      const where = `${topic}/${unique()}`
      await Promise.all(kept.map((one) => one.subscribeAsync(where)))
      const heard = Promise.all(kept.map((one) => waitForMessage(one)))
      await kept[0]!.publishAsync(where, 'still here')
      expect((await heard).map(({ payload }) => payload.toString())).toEqual(
        Array.from({ length: 50 }, () => 'still here'),
      )
    },
  )

  test('C7: a device of the same serial number under another CA is not touched', async () => {
    const elsewhere = await registerCa(client, directory)
    const device = await makeDevice(ca)
    const twin = await makeDevice(elsewhere, { sn: device.sn })
    const [victim, survivor] = [await online(device), await online(twin)]
    const gone = waitForDisconnect(victim)
    await call('InactivateDeviceCertificate', device)
    await gone
    await survivor.subscribeAsync(`${topic}/twin`)
    expect(survivor.connected).toBe(true)
  })

  test('C5: twice is as good as once, and so is activating what is active', async () => {
    const device = await makeDevice(ca)
    await online(device)
    for (const action of [
      'InactivateDeviceCertificate',
      'InactivateDeviceCertificate',
      'ActiveDeviceCertificate',
      'ActiveDeviceCertificate',
    ] as const) {
      await call(action, device)
    }
    expect((await online(device)).connected).toBe(true)
  })

  test('C5: an inactivation and an activation in a hurry leave no session behind that should not be', async () => {
    const device = await makeDevice(ca)
    await online(device)
    const clients = Array.from({ length: 8 }, () => {
      const one = deviceClient({
        endpoints: target,
        device: { ...device, clientId: `GID_demo@@@${unique('hurry')}` },
        reconnectPeriod: 20,
      })
      onTestFinished(() => one.endAsync(true))
      return one
    })
    for (let round = 0; round < 10; round += 1) {
      await call('ActiveDeviceCertificate', device)
      await call('InactivateDeviceCertificate', device)
    }
    await Promise.all(
      clients.map((one) =>
        waitForRefusal(one, { next: true, withinMs: 20_000 }).catch(() => waitForRefusal(one, { next: true })),
      ),
    )
    if (target.management) {
      const { sessions } = (await managementClient(target.management).request('GET', '/sessions')) as {
        sessions: { deviceSn: string }[]
      }
      expect(sessions.filter(({ deviceSn }) => deviceSn === device.sn)).toEqual([])
    }
    await call('ActiveDeviceCertificate', device)
    await Promise.all(clients.map((one) => waitForConnect(one)))
  })
})

describe('other changes', () => {
  test('C9: a registered, active device goes on, and is admitted again, while its CA is inactive', async () => {
    const own = await registerCa(client, directory)
    const device = await makeDevice(own)
    const live = await online(device)
    const parameters = { MqttInstanceId: target.instanceId, Sn: own.caSn }
    expect((await client.call('InactivateCaCertificate', parameters)).status).toBe(200)
    await live.subscribeAsync(`${topic}/x`)
    expect((await online({ ...device, clientId: `GID_demo@@@${unique()}` })).connected).toBe(true)
    const stranger = deviceClient({ endpoints: target, device: await makeDevice(own), reconnectPeriod: 0 })
    expect(await waitForRefusal(stranger)).toMatchObject({ by: 'cut' })
  })

  test('C9: deleting a device ends its session', async () => {
    const device = await makeDevice(ca)
    const live = await online(device)
    const gone = waitForDisconnect(live)
    await call('DeleteDeviceCertificate', device)
    expect(await gone).toMatchObject({ state: 'lost' })
    await expectExplained({ clientId: device.clientId }, 'device-deleted')
  })
})
