import { deviceClient, waitForConnect, waitForDisconnect, type IssuedDevice } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import type { MqttClient } from 'mqtt'
import { logged } from '../support/logged.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

interface Notice {
  clientId: string
  time: number
  eventType: 'connect' | 'disconnect' | 'tcpclean'
  channelId: string
  clientIp: string
  instanceId: string
  seq: number
  reason: string
  actionInfo: string
}

function told(notices: readonly Notice[]): string[][] {
  return notices.map(({ eventType, reason, actionInfo }) => [eventType, reason, actionInfo])
}

describeOwnProgram('client status notices', () => {
  const shared = sharedProgram()

  async function issue(): Promise<IssuedDevice> {
    const request = { clientId: `GID_demo@@@${unique('n')}`, keyType: 'ec' } as const
    const [device] = await shared.management.issueDevices(request)
    return device!
  }

  async function online(device: IssuedDevice): Promise<MqttClient> {
    const client = deviceClient({ endpoints: shared.endpoints, device, reconnectPeriod: 0 })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)
    return client
  }

  async function noticesOf({ clientId }: IssuedDevice, more = ''): Promise<Notice[]> {
    const query = `clientId=${encodeURIComponent(clientId)}${more}`
    return ((await shared.management.request('GET', `/client-status?${query}`)) as { notices: Notice[] }).notices
  }

  const ended = ({ clientId }: IssuedDevice) =>
    logged(shared.endpoints, (entry) => entry.clientId === clientId && /^(drop|disconnect)$/.test(entry.kind))

  test('F6: a session tells of its beginning, its DISCONNECT and the end of its connection, by one channel', async () => {
    const device = await issue()
    await (await online(device)).endAsync()
    await ended(device)
    const notices = await noticesOf(device)
    expect(told(notices)).toEqual([
      ['connect', 'accepted', 'accepted'],
      ['disconnect', 'disconnected-by-client', 'disconnected by client'],
      ['tcpclean', 'disconnected-by-client', 'closed by client'],
    ])
    const [first, ...others] = notices as [Notice, ...Notice[]]
    expect(first).toEqual({
      clientId: device.clientId,
      time: expect.any(Number),
      eventType: 'connect',
      channelId: expect.stringMatching(/^.+$/),
      clientIp: '127.0.0.1',
      instanceId: shared.endpoints.instanceId,
      seq: expect.any(Number),
      reason: 'accepted',
      actionInfo: 'accepted',
    })
    for (const notice of others) {
      expect(notice.channelId).toBe(first.channelId)
      expect(notice.time).toBeGreaterThanOrEqual(first.time)
    }
    expect(await noticesOf(device, `&after=${first.seq}`)).toEqual(others)
  })

  test('F6: an inactivated device is gone without a DISCONNECT, for the reason of the log', async () => {
    const device = await issue()
    const client = await online(device)
    const gone = waitForDisconnect(client)
    const api = ownerClient(shared.endpoints)
    onTestFinished(() => api.close())
    const parameters = {
      MqttInstanceId: shared.endpoints.instanceId,
      DeviceSn: device.deviceSn,
      CaSn: device.caSn,
    }
    expect((await api.call('InactivateDeviceCertificate', parameters)).status).toBe(200)
    await gone
    expect(told(await noticesOf(device))).toEqual([
      ['connect', 'accepted', 'accepted'],
      ['tcpclean', 'device-inactive', 'not authorized'],
    ])
    const { assumptions } = (await shared.management.request('GET', '/assumptions')) as {
      assumptions: { id: string; touched: number }[]
    }
    const touched = assumptions.filter(({ touched: count }) => count > 0).map(({ id }) => id)
    expect(touched).toEqual(expect.arrayContaining(['A-01', 'A-76', 'A-78']))
  })

  test('F6: a client id that comes twice is a conflict of two channels', async () => {
    const device = await issue()
    const gone = waitForDisconnect(await online(device))
    await online(device)
    await gone
    const notices = await noticesOf(device)
    expect(told(notices)).toEqual([
      ['connect', 'accepted', 'accepted'],
      ['tcpclean', 'session-taken-over', 'clientId conflict'],
      ['connect', 'accepted', 'accepted'],
    ])
    const [first, end, second] = notices.map(({ channelId }) => channelId)
    expect(end).toBe(first)
    expect(second).not.toBe(first)
  })
})
