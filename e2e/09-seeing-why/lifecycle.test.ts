import {
  deviceClient,
  managementClient,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
  type IssuedDevice,
} from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa } from '../support/certificates.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

interface Life {
  status: string
  timeline: { events: { what: string; count: number; by?: { requestId: string }; afterAnswerMs?: number }[] }
}

/** The entries of a stream of server-sent events, as they come. */
async function* streamed(url: string, signal: AbortSignal) {
  const response = await fetch(url, { signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data) yield JSON.parse(data) as { kind: string; cause?: string; requestId?: string }
    }
  }
}

const lifeOf = async (management: ReturnType<typeof managementClient>, { deviceSn }: IssuedDevice) =>
  ((await management.request('GET', `/certificates/${deviceSn}`)) as { certificates: Life[] }).certificates[0]!

describeOwnProgram('the life of a certificate', () => {
  const shared = sharedProgram()

  async function stage() {
    const { endpoints, management } = shared
    const [device] = await management.issueDevices({ clientId: `GID_demo@@@${unique('l')}`, keyType: 'ec' })
    const client = deviceClient({ endpoints, device: device!, reconnectPeriod: 50 })
    const api = ownerClient(endpoints)
    onTestFinished(async () => {
      await client.endAsync(true)
      api.close()
    })
    await waitForConnect(client)
    return { endpoints, management, device: device!, client, api }
  }

  const change = async ({ api, endpoints, device }: Awaited<ReturnType<typeof stage>>, action: string) => {
    const { caSn, deviceSn } = device
    const answer = await api.call(action, { MqttInstanceId: endpoints.instanceId, CaSn: caSn, DeviceSn: deviceSn })
    expect([action, answer.status]).toEqual([action, 200])
    return answer.requestId
  }

  test('C15: is told from the registration to the resurrection, with the calls that changed it', async () => {
    const staged = await stage()
    const { client, management, device } = staged
    const gone = waitForDisconnect(client)
    const inactivated = await change(staged, 'InactivateDeviceCertificate')
    await gone
    await waitForRefusal(client)
    const activated = await change(staged, 'ActiveDeviceCertificate')
    await waitForConnect(client)
    const goneAgain = waitForDisconnect(client)
    const deleted = await change(staged, 'DeleteDeviceCertificate')
    await goneAgain
    await waitForConnect(client)

    const { status, timeline } = await lifeOf(management, device)
    expect(status).toBe('active')
    const told = timeline.events.map(({ what, by }) => [what, ...(by ? [by.requestId] : [])])
    expect(told).toEqual([
      ['registered'],
      ['connected'],
      ['inactivated', inactivated],
      ['dropped'],
      ['refused'],
      ['activated', activated],
      ['recovered'],
      ['deleted', deleted],
      ['dropped'],
      ['resurrected'],
      ['connected'],
    ])
    const dropped = timeline.events.find(({ what }) => what === 'dropped')
    expect(dropped!.afterAnswerMs).toBeLessThanOrEqual(0) // the line: the socket is ended before the answer
    const { answer } = (await management.explain({ sn: device.deviceSn })) as { answer: string }
    expect(answer).toContain(
      `by access key ${staged.endpoints.accessKeyId}, request ${deleted}, and came back active at`,
    )
  })

  test('C9: of one that goes with its CA names the call that deleted the CA, there and in the explanation', async () => {
    const { endpoints, management, api } = await stage()
    const ca = await registerCa(api, await temporaryDirectory(), endpoints)
    const device = await makeDevice(ca)
    const client = deviceClient({ endpoints, device, reconnectPeriod: 50 })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)
    const gone = waitForDisconnect(client)
    const { requestId } = await api.call('DeleteCaCertificate', { MqttInstanceId: endpoints.instanceId, Sn: ca.caSn })
    await gone
    await waitForRefusal(client, { next: true })
    const lives = async (sn: string) =>
      ((await management.request('GET', `/certificates/${sn}`)) as { certificates: Life[] }).certificates
    const [dead] = await lives(ca.caSn)
    expect(dead).toMatchObject({ status: 'deleted', record: null })
    expect(dead!.timeline.events).toMatchObject([
      { what: 'registered' },
      { what: 'deleted', by: { requestId } },
      { what: 'dropped', cause: 'ca-deleted', requestId, count: 1 },
    ])
    const [orphan] = await lives(device.sn)
    expect(orphan).toMatchObject({ status: 'deleted', record: null, caSn: ca.caSn })
    expect(orphan!.timeline.events).toContainEqual(
      expect.objectContaining({ what: 'dropped', cause: 'ca-deleted', requestId }),
    )
    const { answer } = (await management.explain({ clientId: device.clientId })) as { answer: string }
    expect(answer).toMatch(/^refused at .*ca-unknown/)
  })

  test('F1: a stream of the log tells the drop as it happens, and the metrics count it', async () => {
    const staged = await stage()
    const { endpoints, device } = staged
    const ended = new AbortController()
    onTestFinished(() => ended.abort())
    const entries = streamed(`${endpoints.management}/log/stream?sn=${device.deviceSn}&after=0`, ended.signal)
    const requestId = await change(staged, 'InactivateDeviceCertificate')
    const seen: string[] = []
    for await (const { kind, cause, requestId: by } of entries) {
      seen.push(kind)
      if (kind !== 'drop') continue
      expect([cause, by]).toEqual(['device-inactive', requestId])
      break
    }
    expect(seen).toEqual(expect.arrayContaining(['connect', 'drop']))
    const metrics = await (await fetch(`${endpoints.management}/metrics`)).text()
    expect(metrics).toMatch(/^apsaramq_mqtt_drops_total\{cause="device-inactive"\} [1-9]/m)
    const lines = await (await fetch(`${endpoints.management}/log?format=ndjson&sn=${device.deviceSn}`)).text()
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ).toContain('drop')
  })

  test('bad questions are answered with a status and a sentence', async () => {
    const { management } = shared.program.endpoints()
    const ask = async (path: string) => {
      const response = await fetch(`${management}${path}`)
      const { message } = (await response.json()) as { message: string }
      return [response.status, message]
    }
    expect(await ask('/certificates/xyz')).toEqual([400, '"xyz" is no serial number: hex digits, at most 128'])
    expect(await ask('/certificates/abcdef')).toEqual([404, expect.stringContaining('no certificate abcdef')])
    expect(await ask('/log?format=csv')).toEqual([400, expect.stringContaining('format')])
    expect(await ask('/log/stream?after=x')).toEqual([400, expect.stringContaining('after')])
  })
})
