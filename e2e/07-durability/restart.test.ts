import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  managementClient,
  startProgram,
  waitForConnect,
  waitForRefusal,
  type Endpoints,
  type IssuedDevice,
  type Program,
} from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { makeDevice, registerCa } from '../support/certificates.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'
import { admitOnce } from '../support/admit-once.ts'

/** Kills under load each run makes; more for a longer look. */
const kills = Number(process.env.APSARAMQ_E2E_KILLS ?? '5')

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function start(dataDir: string): Promise<Program> {
  const program = await startProgram({
    args: ['start', ...anyPorts, '--limit', '100000', '--log-level', 'error'],
    dataDir,
  })
  onTestFinished(async () => {
    await program.stop()
  })
  return program
}

async function statusOf(endpoints: Endpoints, { deviceSn, caSn }: Pick<IssuedDevice, 'deviceSn' | 'caSn'>) {
  const client = ownerClient(endpoints)
  const { body } = await client.call('GetDeviceCertificate', {
    MqttInstanceId: endpoints.instanceId,
    DeviceSn: deviceSn,
    CaSn: caSn,
  })
  client.close()
  return (body.Data as { Status: string } | undefined)?.Status
}

async function change(
  endpoints: Endpoints,
  action: string,
  { deviceSn, caSn }: Pick<IssuedDevice, 'deviceSn' | 'caSn'>,
) {
  const client = ownerClient(endpoints)
  const answer = await client.call(action, { MqttInstanceId: endpoints.instanceId, DeviceSn: deviceSn, CaSn: caSn })
  client.close()
  expect(answer.status).toBe(200)
}

describeOwnProgram('what an answered call changed', () => {
  test.each(['a stop', 'kill -9 right after the answer'])('G7: outlives %s', { timeout: 120_000 }, async (how) => {
    const path = await directory()
    const dataDir = join(path, 'data')
    const first = await start(dataDir)
    const endpoints = first.endpoints()
    const client = ownerClient(endpoints)
    const ca = await registerCa(client, path, endpoints)
    client.close()
    const device = await makeDevice(ca)
    await admitOnce(endpoints, device)
    await change(endpoints, 'InactivateDeviceCertificate', { deviceSn: device.sn, caSn: device.caSn })
    if (how === 'a stop') {
      expect(await first.stop()).toEqual({ code: 0, signal: null })
    } else {
      first.kill('SIGKILL')
      expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' })
    }

    const second = await start(dataDir)
    const again = second.endpoints()
    expect(await statusOf(again, { deviceSn: device.sn, caSn: device.caSn })).toBe('0')
    const live = deviceClient({ endpoints: again, device, reconnectPeriod: 100 })
    onTestFinished(() => live.endAsync(true))
    expect(await waitForRefusal(live)).toMatchObject({ by: 'cut' })
    await change(again, 'ActiveDeviceCertificate', { deviceSn: device.sn, caSn: device.caSn })
    await waitForConnect(live)
  })

  test('K5: the CAs and the seed are the same after a restart', { timeout: 120_000 }, async () => {
    const dataDir = join(await directory(), 'data')
    const seen = []
    for (let run = 0; run < 2; run += 1) {
      const program = await start(dataDir)
      const endpoints = program.endpoints()
      const client = ownerClient(endpoints)
      const page = { MqttInstanceId: endpoints.instanceId, PageNo: '1', PageSize: '10' }
      const { body } = await client.call('ListCaCertificate', page)
      client.close()
      const cas = await managementClient(endpoints.management).request('GET', '/cas')
      const { api: _, apiTls: __, mqtts: ___, management: ____, pid: _____, ...rest } = endpoints
      const { wss: ______, mqtt: _______, ws: ________, ...fixed } = rest
      seen.push({ data: body.Data, cas, fixed })
      await program.stop()
    }
    expect(seen[1]).toEqual(seen[0])
  })

  test(
    `G7: ${kills} times kill -9 under concurrent calls, and no answered call is lost`,
    { timeout: 60_000 * kills },
    async () => {
      const dataDir = join(await directory(), 'data')
      let program = await start(dataDir)
      const devices = await managementClient(program.endpoints().management).issueDevices({
        clientId: `GID_demo@@@${unique('k')}`,
        count: 200,
        keyType: 'ec',
        registered: true,
      })
      const answered = new Map(devices.map(({ deviceSn }) => [deviceSn, '1']))
      for (let round = 0; round < kills; round += 1) {
        const uncertain = await flipUntilKilled(program, devices, answered)
        program = await start(dataDir)
        const after = await statuses(program.endpoints(), devices[0]!.caSn)
        for (const [deviceSn, status] of answered) {
          if (!uncertain.has(deviceSn))
            expect({ round, deviceSn, status: after.get(deviceSn) }).toEqual({ round, deviceSn, status })
        }
        for (const deviceSn of uncertain) answered.set(deviceSn, after.get(deviceSn)!) // not answered: either is right
      }
    },
  )
})

/** Flips devices from many sides at once, kills the program, and tells for which the answer never came. */
async function flipUntilKilled(program: Program, devices: readonly IssuedDevice[], answered: Map<string, string>) {
  const endpoints = program.endpoints()
  const client = ownerClient(endpoints, { connections: 16 })
  const uncertain = new Set<string>()
  let calls = 0
  let dead = false
  const worker = async (share: readonly IssuedDevice[]) => {
    for (let at = 0; !dead; at += 1) {
      const { deviceSn, caSn } = share[at % share.length]!
      const next = answered.get(deviceSn) === '1' ? '0' : '1'
      uncertain.add(deviceSn)
      const action = next === '0' ? 'InactivateDeviceCertificate' : 'ActiveDeviceCertificate'
      const answer = await client
        .call(action, { MqttInstanceId: endpoints.instanceId, DeviceSn: deviceSn, CaSn: caSn })
        .catch(() => undefined) // the program is dead or dying
      if (!answer) return
      expect(answer.status).toBe(200)
      answered.set(deviceSn, next)
      uncertain.delete(deviceSn)
      calls += 1
      if (calls === 150) {
        dead = true
        program.kill('SIGKILL')
      }
    }
  }
  const shares = Array.from({ length: 16 }, (_, at) => devices.filter((_device, index) => index % 16 === at))
  await Promise.all([...shares.map(worker), program.exited])
  client.close()
  return uncertain
}

async function statuses(endpoints: Endpoints, CaSn: string): Promise<Map<string, string>> {
  const client = ownerClient(endpoints)
  const found = new Map<string, string>()
  for (let page = 1; ; page += 1) {
    const { body } = await client.call('ListDeviceCertificateByCaSn', {
      MqttInstanceId: endpoints.instanceId,
      CaSn,
      PageNo: String(page),
      PageSize: '100',
    })
    const { DeviceCertificateVOS: rows } = body.Data as { DeviceCertificateVOS: { DeviceSn: string; Status: string }[] }
    for (const { DeviceSn, Status } of rows) found.set(DeviceSn, Status)
    if (rows.length < 100) break
  }
  client.close()
  return found
}
