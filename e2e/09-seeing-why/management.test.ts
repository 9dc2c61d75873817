import {
  deviceClient,
  managementClient,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
  type Endpoints,
  type IssuedDevice,
  type ManagementClient,
  type Program,
} from '@apsaramq/testkit'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { explanation } from '../support/explained.ts'
import { ownProgram } from '../support/own-program.ts'
import { rawHttp } from '../support/raw-http.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

interface Entry {
  seq: number
  at: number
  plane: string
  kind: string
  cause?: string
  message: string
  clientId?: string
  requestId?: string
}

describeOwnProgram('the management port', () => {
  let program: Program
  let endpoints: Endpoints
  let management: ManagementClient
  const shared = sharedProgram()
  beforeAll(() => ({ program, endpoints, management } = shared))

  const issue = async (): Promise<IssuedDevice> => {
    const [device] = await management.issueDevices({ clientId: `GID_demo@@@${unique('m')}`, keyType: 'ec' })
    return device!
  }
  const log = async (query = '') => ((await management.request('GET', `/log${query}`)) as { entries: Entry[] }).entries

  async function online(device: IssuedDevice) {
    const client = deviceClient({ endpoints, device, reconnectPeriod: 50 })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)
    return client
  }

  async function call(action: string, parameters: Record<string, string>) {
    const client = ownerClient(endpoints)
    const answer = await client.call(action, { MqttInstanceId: endpoints.instanceId, ...parameters })
    client.close()
    return answer
  }

  test('A4: is ready and healthy', async () => {
    expect(await management.request('GET', '/ready')).toEqual({ ready: true, pending: [] })
    expect(await management.request('GET', '/health')).toEqual({ pid: program.pid })
  })

  test('F3: shows a live session with its certificate, and none once it has ended', async () => {
    const device = await issue()
    const client = await online(device)
    const sessions = async () =>
      ((await management.request('GET', '/sessions')) as { sessions: { clientId: string }[] }).sessions.filter(
        ({ clientId }) => clientId === device.clientId,
      )
    expect(await sessions()).toEqual([
      expect.objectContaining({
        clientId: device.clientId,
        instanceId: endpoints.instanceId,
        deviceSn: device.deviceSn,
        caSn: device.caSn,
        protocol: 'mqtt3.1.1',
        transport: 'mqtts',
        tlsVersion: 'TLSv1.3',
        resumed: false,
      }),
    ])
    await client.endAsync()
    await expect.poll(sessions, { interval: 20, timeout: 10_000 }).toEqual([])
  })

  test('F3: tells the whole story of a device: registered, connected, dropped by a request, refused', async () => {
    const device = await issue()
    const client = await online(device)
    const gone = waitForDisconnect(client)
    const ids = { DeviceSn: device.deviceSn, CaSn: device.caSn }
    const { requestId } = await call('InactivateDeviceCertificate', ids)
    await gone
    await waitForRefusal(client)
    await client.endAsync(true)
    const kinds = (await log(`?clientId=${encodeURIComponent(device.clientId)}`)).map(({ kind, cause }) => [
      kind,
      cause,
    ])
    expect(kinds.slice(0, 4)).toEqual([
      ['register', undefined],
      ['connect', undefined],
      ['drop', 'device-inactive'],
      ['refuse', 'device-inactive'],
    ])
    for (const subject of [{ clientId: device.clientId }, { sn: device.deviceSn }]) {
      const told = await explanation(subject, endpoints.management)
      expect(told!.answer).toMatch(/^refused at .*device-inactive/)
      expect(told!.answer).toContain(`by access key ${endpoints.accessKeyId}, request ${requestId}`)
      expect(told!.certificates).toContainEqual(
        expect.objectContaining({ kind: 'device', sn: device.deviceSn, status: 'inactive' }),
      )
    }
    const request = await explanation({ requestId }, endpoints.management)
    expect(request!.answer).not.toMatch(/^nothing is known/)
  })

  test('F1: the log is in order, one line a call, and can be read on from where one stopped', async () => {
    const before = (await log('?limit=1')).at(-1)?.seq ?? 0
    const answers = [await call('GetRegisterCode', {}), await call('GetCaCertificate', { Sn: 'deadbeef' })]
    const entries = await log(`?after=${before}`)
    const calls = entries.filter(({ kind, plane }) => plane === 'api' && kind !== 'warn')
    expect(calls.map(({ requestId, cause }) => [requestId, cause])).toEqual([
      [answers[0]!.requestId, undefined],
      [answers[1]!.requestId, 'ca-not-found'],
    ])
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, at) => entries[0]!.seq + at))
  })

  const touched = async (id: string) => {
    const { assumptions } = (await management.request('GET', '/assumptions')) as {
      assumptions: { id: string; count?: number; touched?: number }[]
    }
    const entry = assumptions.find((one) => one.id === id)!
    return entry.count ?? entry.touched ?? 0
  }

  test('L5: counts the assumptions the run has rested on', async () => {
    const device = await issue()
    const client = await online(device)
    const before = await touched('A-01')
    const gone = waitForDisconnect(client)
    await call('InactivateDeviceCertificate', { DeviceSn: device.deviceSn, CaSn: device.caSn })
    await gone
    expect(await touched('A-01')).toBe(before + 1)
  })

  test('H1: a name that was rebound to the loopback gets nothing', async () => {
    const { port } = new URL(endpoints.management)
    for (const host of ['evil.example', `evil.example:${port}`]) {
      const { status, body } = await rawHttp(
        endpoints.management,
        `GET /log HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      expect({ status, body: JSON.parse(body) as unknown }).toMatchObject({
        status: 403,
        body: { error: 'host-not-allowed' },
      })
    }
  })

  test('G2: a reset ends the sessions with a reason, forgets what was changed, and admits again', async () => {
    const device = await issue()
    const client = await online(device)
    const gone = waitForDisconnect(client)
    await call('InactivateCaCertificate', { Sn: device.caSn })
    await management.request('POST', '/reset')
    expect(await gone).toMatchObject({ state: 'lost' })
    await waitForConnect(client)
    const { body } = await call('GetCaCertificate', { Sn: device.caSn })
    expect(body.Data).toMatchObject({ Status: '1' })
    // the log of the port begins anew with the reset, the one on stderr goes on
    await expect.poll(() => program.stderr(), { interval: 20, timeout: 10_000 }).toContain('emulator-reset')
    expect((await log())[0]).toMatchObject({ kind: 'lifecycle', message: expect.stringContaining('reset') as unknown })
  })
})

describeOwnProgram('a management port with a token', () => {
  test('F3: asks for it, of everything but health and readiness', async () => {
    const program = await ownProgram(['--management-token', 'hush-hush-token'])
    const { management } = program.endpoints()
    expect((await fetch(`${management}/log`)).status).toBe(401)
    expect((await fetch(`${management}/ready`)).status).toBe(200)
    await expect(managementClient(management, 'hush-hush-token').request('GET', '/log')).resolves.toBeTruthy()
    expect(program.stderr()).not.toContain('hush-hush-token')
  })
})
