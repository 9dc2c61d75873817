import { deviceClient, waitForConnect, waitForDisconnect, waitForMessage, waitForRefusal } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import type { MqttClient } from 'mqtt'
import { makeDevice, registerCa, type Device } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { liveClients } from '../support/live-clients.ts'
import { logged } from '../support/logged.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, topic, unique } from '../support/target.ts'

type Endpoints = ReturnType<typeof sharedProgram>['endpoints']

/** What a test does with a program: a CA of its own, calls, and clients. */
async function users({ endpoints }: { endpoints: Endpoints }) {
  const client = ownerClient(endpoints)
  onTestFinished(() => client.close())
  return {
    endpoints,
    ca: await registerCa(client, await temporaryDirectory(), endpoints),
    async call(action: string, { sn, caSn }: Device): Promise<string> {
      const parameters = { MqttInstanceId: endpoints.instanceId, DeviceSn: sn, CaSn: caSn }
      const { status, body } = await client.call(action, parameters)
      expect({ action, status, code: body.Code }).toEqual({ action, status: 200, code: undefined })
      return String(body.RequestId)
    },
    async online(device: Device, options: Partial<Parameters<typeof deviceClient>[0]> = {}): Promise<MqttClient> {
      const one = deviceClient({ endpoints, device, reconnectPeriod: 0, ...options })
      onTestFinished(() => one.endAsync(true))
      await waitForConnect(one)
      return one
    },
  }
}

/** A moment in the form openssl takes. */
function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '')
}

/** Long enough to connect on a slow machine. */
const lifeSeconds = 20

describeOwnProgram('--live-sessions delay:MS,JITTER, and certificates that expire', () => {
  const [delayMs, jitterMs] = [4000, 2000]
  const program = sharedProgram(async () => ['--live-sessions', `delay:${delayMs},${jitterMs}`])

  test('C6: each session of an inactivated device lives on for a while of its own, one that was forgiven for good', async () => {
    const { endpoints, ca, call, online } = await users(program)
    const [device, forgiven] = [await makeDevice(ca), await makeDevice(ca)]
    const crowd = Array.from({ length: 6 }, () => ({ ...device, clientId: `GID_demo@@@${unique('late')}` }))
    const sessions = await Promise.all(crowd.map((one) => online(one)))
    const kept = await online(forgiven)
    await call('InactivateDeviceCertificate', forgiven)
    await call('ActiveDeviceCertificate', forgiven)
    const requestId = await call('InactivateDeviceCertificate', device)
    const ends = await Promise.all(sessions.map((one) => waitForDisconnect(one, { withinMs: 60_000 })))
    expect(ends.map(({ state }) => state)).toEqual(crowd.map(() => 'lost'))
    const inactivated = await logged(endpoints, (entry) => entry.kind === 'call' && entry.requestId === requestId)
    for (const { clientId } of crowd) {
      const drop = await logged(endpoints, (entry) => entry.kind === 'drop' && entry.clientId === clientId)
      expect(drop).toMatchObject({ cause: 'device-inactive', requestId })
      expect(drop.at - inactivated.at).toBeGreaterThan(delayMs / 2) // the entry of the call comes after the change
    }
    await kept.publishAsync(`${topic}/${unique()}`, 'still here', { qos: 1 })
  })

  test('C6: by default a session outlives its certificate, said in the log, and cannot come back', async () => {
    const { endpoints, ca, online } = await users(program)
    const device = await makeDevice(ca, { until: inSeconds(lifeSeconds) })
    const live = await online(device)
    const warning = await logged(endpoints, ({ cause, clientId }) => {
      return cause === 'certificate-expired' && clientId === device.clientId
    })
    expect(warning).toMatchObject({ kind: 'warn', message: expect.stringMatching(/ stays connected: /) })
    await live.publishAsync(`${topic}/${unique()}`, 'still here', { qos: 1 })
    const again = deviceClient({ endpoints, device: { ...device, clientId: `GID_demo@@@${unique()}` } })
    onTestFinished(() => again.endAsync(true))
    expect(await waitForRefusal(again)).toMatchObject({ by: 'cut' })
  })
})

describeOwnProgram('--expired-sessions drop, --will-on-drop publish', () => {
  const program = sharedProgram(async () => ['--expired-sessions', 'drop', '--will-on-drop', 'publish'])
  const kinds = liveClients.filter(({ tool }) => tool.path !== undefined)

  test('C6: a session ends with its certificate, whatever the client, and is refused from then on', async () => {
    const { endpoints, ca } = await users(program)
    await Promise.all(
      kinds.map(async (kind) => {
        const device = await makeDevice(ca, { until: inSeconds(lifeSeconds) })
        const live = kind.start(device, endpoints, `${topic}/${unique()}`)
        onTestFinished(() => live.stop())
        await live.online()
        await live.offline({ withinMs: 60_000 })
        const drop = await logged(endpoints, (entry) => entry.kind === 'drop' && entry.clientId === device.clientId)
        expect(drop.cause).toBe('certificate-expired')
        expect(drop.message).toMatch(/^device certificate [0-9a-f]+ of CA [0-9a-f]+ was valid until /)
        await live.refused()
        await expectExplained({ clientId: device.clientId }, 'certificate-expired', endpoints.management)
      }),
    )
  })

  test('C8: the will of an inactivated device is heard, whatever the client', async () => {
    const { endpoints, ca, call, online } = await users(program)
    const where = `${topic}/${unique()}`
    const speaker = await online(await makeDevice(ca))
    await speaker.publishAsync(where, 'before', { qos: 1, retain: true }) // so that who has heard it has subscribed
    const listeners = await Promise.all(
      kinds.map(async (kind) => {
        const listener = kind.start(await makeDevice(ca), endpoints, where)
        onTestFinished(() => listener.stop())
        await listener.received('before')
        return listener
      }),
    )
    const device = await makeDevice(ca)
    const will = { topic: where, payload: Buffer.from('gone'), qos: 1 as const, retain: false }
    const gone = waitForDisconnect(await online(device, { will }))
    const heard = Promise.all(listeners.map((listener) => listener.received('gone')))
    await call('InactivateDeviceCertificate', device)
    await gone
    await heard
  })

  test('C8: a persistent session outlives an inactivation with what waits in it, and goes with its record', async () => {
    const { endpoints, ca, call, online } = await users(program)
    const where = `${topic}/${unique()}`
    const speaker = await online(await makeDevice(ca))
    const device = await makeDevice(ca)
    const first = await online(device, { clean: false })
    await first.subscribeAsync(where, { qos: 1 })
    const gone = waitForDisconnect(first)
    await call('InactivateDeviceCertificate', device)
    await gone
    await speaker.publishAsync(where, 'waited', { qos: 1 })
    await call('ActiveDeviceCertificate', device)
    const [second, waited] = comeBack(endpoints, device)
    expect((await waited).payload.toString()).toBe('waited')
    await second.endAsync()

    await speaker.publishAsync(where, 'lost with the record', { qos: 1 })
    await call('DeleteDeviceCertificate', device)
    const [third, heard] = comeBack(endpoints, device)
    const sessionPresent = new Promise((resolve) => third.once('connect', (connack) => resolve(connack.sessionPresent)))
    expect(await sessionPresent).toBe(false)
    await third.subscribeAsync(where, { qos: 1 })
    await speaker.publishAsync(where, 'marker', { qos: 1 })
    expect((await heard).payload.toString()).toBe('marker')
  })
})

/** A client of a persistent session, and the first message it will hear. */
function comeBack(endpoints: Endpoints, device: Device): [MqttClient, ReturnType<typeof waitForMessage>] {
  const one = deviceClient({ endpoints, device, clean: false, reconnectPeriod: 0 })
  onTestFinished(() => one.endAsync(true))
  return [one, waitForMessage(one)]
}
