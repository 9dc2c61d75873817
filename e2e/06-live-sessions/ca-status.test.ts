import { deviceClient, waitForConnect, waitForDisconnect, waitForRefusal } from '@apsaramq/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { liveMosquitto } from '../support/live-mosquitto.ts'
import { livePaho } from '../support/live-paho.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient, topic, unique } from '../support/target.ts'

const perCa = 3

async function twoCas(flags: string[] = []) {
  const endpoints = (await ownProgram(flags)).endpoints()
  const client = ownerClient(endpoints)
  onTestFinished(() => client.close())
  const first = await registerCa(client, await temporaryDirectory(), endpoints)
  const second = await registerCa(client, await temporaryDirectory(), endpoints)
  const change = async (action: 'InactivateCaCertificate' | 'ActiveCaCertificate') =>
    expect(await client.call(action, { MqttInstanceId: endpoints.instanceId, Sn: first.sn })).toMatchObject({
      status: 200,
    })
  const online = async (device: Device) => {
    const live = deviceClient({ endpoints, device, reconnectPeriod: 100 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    return { device, live }
  }
  const fleet = async (ca: RegisteredCa) =>
    Promise.all((await Promise.all(Array.from({ length: perCa }, () => makeDevice(ca)))).map(online))
  return { endpoints, first, change, online, own: await fleet(first), others: await fleet(second) }
}

describeOwnProgram('an inactive CA, of two', () => {
  test('C9: by default its registered devices stay and come back, a new one is refused', async () => {
    const { endpoints, first, change, online, own, others } = await twoCas()
    await change('InactivateCaCertificate')
    for (const { live } of [...own, ...others]) await live.publishAsync(`${topic}/${unique()}`, 'here', { qos: 1 })
    await own[0]!.live.endAsync(true)
    await online(own[0]!.device)
    const newcomer = deviceClient({ endpoints, device: await makeDevice(first), reconnectPeriod: 0 })
    onTestFinished(() => newcomer.endAsync(true))
    expect(await waitForRefusal(newcomer)).toMatchObject({ by: 'cut' })
  })

  test('C9: strictly, its devices are dropped and refused until it is active again, the others stay', async () => {
    const { endpoints, change, own, others } = await twoCas(['--ca-status', 'strict'])
    const ends = own.map(({ live }) => waitForDisconnect(live))
    await change('InactivateCaCertificate')
    for (const end of ends) expect(await end).toMatchObject({ state: 'lost' })
    for (const { live } of own) await waitForRefusal(live, { next: true })
    await expectExplained({ clientId: own[0]!.device.clientId }, 'ca-inactive', endpoints.management)
    for (const { live } of others) await live.publishAsync(`${topic}/${unique()}`, 'here', { qos: 1 })
    await change('ActiveCaCertificate')
    for (const { live } of own) await waitForConnect(live)
  })

  describe.each([liveMosquitto, livePaho])('$name', (kind) => {
    describeWith(kind.tool, kind.name, () => {
      test('C9: strictly, is dropped with its CA and comes back with it', async () => {
        const { endpoints, first, change } = await twoCas(['--ca-status', 'strict'])
        const live = kind.start(await makeDevice(first), endpoints, `${topic}/${unique()}`)
        onTestFinished(() => live.stop())
        await live.online()
        await change('InactivateCaCertificate')
        await live.offline()
        await live.refused()
        await change('ActiveCaCertificate')
        await live.online()
      })
    })
  })
})
