import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  managementClient,
  startProgram,
  waitForConnect,
  waitForDisconnect,
  waitForMessage,
  waitForRefusal,
  type Endpoints,
  type Program,
  type SignedClient,
} from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { anyPorts } from '../support/any-ports.ts'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { liveMosquitto } from '../support/live-mosquitto.ts'
import { livePaho } from '../support/live-paho.ts'
import { describeOwnProgram, ownerClient, topic, unique } from '../support/target.ts'

describeOwnProgram('--live-sessions keep', () => {
  let program: Program
  let endpoints: Endpoints
  let client: SignedClient
  let directory: string
  let ca: RegisteredCa
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    program = await startProgram({
      args: ['start', ...anyPorts, '--live-sessions', 'keep'],
      dataDir: join(directory, 'data'),
    })
    endpoints = program.endpoints()
    client = ownerClient(endpoints)
    ca = await registerCa(client, directory, endpoints)
  })
  afterAll(async () => {
    client?.close()
    await program?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  async function inactivate({ sn, caSn }: Device): Promise<void> {
    const parameters = { MqttInstanceId: endpoints.instanceId, DeviceSn: sn, CaSn: caSn }
    expect((await client.call('InactivateDeviceCertificate', parameters)).status).toBe(200)
  }

  const kick = async (clientId: string) => {
    const management = managementClient(endpoints.management)
    const { sessions } = (await management.request('GET', '/sessions')) as {
      sessions: { id: string; clientId: string }[]
    }
    const session = sessions.find((one) => one.clientId === clientId)
    await management.request('DELETE', `/sessions/${session!.id}`)
  }

  test('C6: an inactivated device goes on talking until it is kicked, and is refused from then on', async () => {
    const device = await makeDevice(ca)
    const live = deviceClient({ endpoints, device, reconnectPeriod: 100 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    await inactivate(device)
    const where = `${topic}/${unique()}`
    await live.subscribeAsync(where)
    const heard = waitForMessage(live)
    await live.publishAsync(where, 'still here', { qos: 1 })
    expect((await heard).payload.toString()).toBe('still here')

    const newcomer = deviceClient({
      endpoints,
      device: { ...device, clientId: `GID_demo@@@${unique()}` },
      reconnectPeriod: 0,
    })
    expect(await waitForRefusal(newcomer)).toMatchObject({ by: 'cut' })

    const gone = waitForDisconnect(live)
    await kick(device.clientId)
    expect(await gone).toMatchObject({ state: 'lost' })
    await expectExplained({ clientId: device.clientId }, 'kicked', endpoints.management)
    await waitForRefusal(live, { next: true })
    await expectExplained({ clientId: device.clientId }, 'device-inactive', endpoints.management)
  })

  test('C6: a kicked device that is active comes back by itself', async () => {
    const device = await makeDevice(ca)
    const live = deviceClient({ endpoints, device, reconnectPeriod: 100 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    const gone = waitForDisconnect(live)
    await kick(device.clientId)
    await gone
    await waitForConnect(live)
  })

  describe.each([liveMosquitto, livePaho])('$name', (kind) => {
    describeWith(kind.tool, kind.name, () => {
      test('C6: goes on hearing after its inactivation', async () => {
        const device = await makeDevice(ca)
        const where = `${topic}/${unique()}`
        const live = kind.start(device, endpoints, where)
        onTestFinished(() => live.stop())
        await live.online()
        await inactivate(device)
        const speaker = deviceClient({ endpoints, device: await makeDevice(ca) })
        onTestFinished(() => speaker.endAsync(true))
        await waitForConnect(speaker)
        const heard = live.received('after')
        await speaker.publishAsync(where, 'after', { qos: 1 })
        await heard
        const lost = live.offline()
        await kick(device.clientId)
        await lost
        await live.refused()
      })
    })
  })
})
