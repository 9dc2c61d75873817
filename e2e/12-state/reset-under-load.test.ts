import { setTimeout } from 'node:timers/promises'
import { deviceClient, managementClient, waitForConnect, type Endpoints, type SignedClient } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

const clients = 300
const lanes = 10
const callsPerSecond = 500

/** Calls at a pace on one connection until it is told to stop; a slow answer is caught up with. Every call is answered. */
async function callsUntil(stop: AbortSignal, client: SignedClient, instanceId: string): Promise<string[]> {
  const seen: string[] = []
  const begun = performance.now()
  while (!stop.aborted) {
    const early = begun + seen.length * (1000 / (callsPerSecond / lanes)) - performance.now()
    if (early > 0) await setTimeout(early)
    const { status, body } = await client.call('GetRegisterCode', { MqttInstanceId: instanceId })
    seen.push(status === 200 ? 'done' : String(body['Code']))
  }
  client.close()
  return seen
}

/** The samples of the metrics whose names begin with `prefix`, by the rest of their line. */
async function metrics({ management }: Endpoints, prefix: string): Promise<string[]> {
  const text = await (await fetch(`${management}/metrics`)).text()
  return text.split('\n').filter((line) => line.startsWith(prefix))
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
    const api = ownerClient(endpoints)
    onTestFinished(() => api.close())
    const used = api.prepare('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })
    expect((await api.send(used)).status).toBe(200)
    const closes = devices.map((client) => new Promise<void>((resolve) => client.once('close', () => resolve())))
    const resets = await Promise.all([1, 2].map(() => management.request('POST', '/reset')))
    expect(resets).toEqual([1, 2].map(() => ({ to: 'seed', trust: 'keep' })))
    await Promise.all(closes)
    stop.abort()
    const outcomes = (await Promise.all(load)).flat()
    expect(outcomes.length).toBeGreaterThan(0)
    expect(new Set(outcomes)).toEqual(new Set(['done']))
    // a nonce of before is as new, one of now is not
    expect((await api.send(used)).status).toBe(200)
    expect((await api.send(used)).body).toMatchObject({ Code: 'SignatureNonceUsed' })

    await expect.poll(async () => (await sessions()).length, { interval: 50, timeout: 60_000 }).toBe(clients)
    const after = await sessions()
    expect(after.filter((id) => before.includes(id))).toEqual([])
    expect(await metrics(endpoints, 'apsaramq_store_resets_total')).toEqual(['apsaramq_store_resets_total 2'])
    expect(await metrics(endpoints, 'apsaramq_ca_certificates')).toEqual([
      'apsaramq_ca_certificates{status="active"} 1',
    ])
    expect(await metrics(endpoints, 'apsaramq_device_certificates')).toEqual([
      `apsaramq_device_certificates ${clients}`,
    ])

    await management.request('POST', '/reset?to=empty')
    expect(await sessions()).toEqual([])
    expect(await metrics(endpoints, 'apsaramq_device_certificates')).toEqual(['apsaramq_device_certificates 0'])
    expect(await metrics(endpoints, 'apsaramq_nonces')).toEqual(['apsaramq_nonces 0'])
    expect(await metrics(endpoints, 'apsaramq_throttle_windows')).toEqual(['apsaramq_throttle_windows 0'])
    await management.request('POST', '/reset')
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
