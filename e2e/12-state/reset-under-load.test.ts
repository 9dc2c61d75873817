import { deviceClient, managementClient, waitForConnect, type SignedClient } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

const clients = 100
const lanes = 8

/** Calls on one connection, one after the other, until it is told to stop; every call must have an answer. */
async function callsUntil(stop: AbortSignal, client: SignedClient, instanceId: string): Promise<Set<string>> {
  const seen = new Set<string>()
  while (!stop.aborted) {
    const { status, body } = await client.call('GetRegisterCode', { MqttInstanceId: instanceId })
    seen.add(status === 200 ? 'done' : String(body['Code']))
  }
  client.close()
  return seen
}

describeOwnProgram('a reset under load', () => {
  const shared = sharedProgram(async () => ['--limit', '100000'])

  test('G4: leaves nothing but the seed, answers every call, and lets the clients come back', async () => {
    const endpoints = shared.program.endpoints()
    const management = managementClient(endpoints.management)
    const issued = await management.issueDevices({
      clientId: `GID_demo@@@${unique('r')}`,
      keyType: 'ec',
      count: clients,
    })
    const devices = issued.map((device) => deviceClient({ endpoints, device, reconnectPeriod: 100 }))
    onTestFinished(async () => void (await Promise.all(devices.map((client) => client.endAsync(true)))))
    await Promise.all(devices.map((client) => waitForConnect(client)))
    const sessions = async () =>
      ((await management.request('GET', '/sessions')) as { sessions: { id: string }[] }).sessions.map(({ id }) => id)
    const before = await sessions()
    expect(before).toHaveLength(clients)

    const stop = new AbortController()
    const load = Array.from({ length: lanes }, () =>
      callsUntil(stop.signal, ownerClient(endpoints), endpoints.instanceId),
    )
    const closes = devices.map((client) => new Promise<void>((resolve) => client.once('close', () => resolve())))
    const resets = await Promise.all([1, 2].map(() => management.request('POST', '/reset')))
    expect(resets).toEqual([1, 2].map(() => ({ to: 'seed', trust: 'keep' })))
    await Promise.all(closes)
    stop.abort()
    const outcomes = new Set((await Promise.all(load)).flatMap((seen) => [...seen]))
    expect(outcomes).toEqual(new Set(['done']))

    await Promise.all(devices.map((client) => (client.connected ? undefined : waitForConnect(client))))
    const after = await sessions()
    expect(after).toHaveLength(clients)
    expect(after.filter((id) => before.includes(id))).toEqual([])
  })

  test('G4: after a reset to empty there is no CA, no device and no session, whatever ran', async () => {
    const endpoints = shared.program.endpoints()
    const management = managementClient(endpoints.management)
    const [device] = await management.issueDevices({ clientId: `GID_demo@@@${unique('e')}`, keyType: 'ec' })
    const client = deviceClient({ endpoints, device: device!, reconnectPeriod: 0 })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)
    await management.request('POST', '/reset?to=empty')
    const api = ownerClient(endpoints)
    onTestFinished(() => api.close())
    const list = (action: string) =>
      api.call(action, { MqttInstanceId: endpoints.instanceId, PageNo: '1', PageSize: '10' })
    for (const action of ['ListCaCertificate', 'ListDeviceCertificate']) {
      const { status, body } = await list(action)
      expect([action, status, (body['Data'] as { Total: number }).Total]).toEqual([action, 200, 0])
    }
    expect(await management.request('GET', '/sessions')).toEqual({ sessions: [] })
    await management.request('POST', '/reset')
    const { body } = await list('ListCaCertificate')
    expect((body['Data'] as { Total: number }).Total).toBe(1)
  })
})
