import { managementClient, runProgram, type ApiAnswer, type Endpoints, type SignedClient } from '@apsaramq/testkit'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, user } from '../support/target.ts'

interface Usage {
  rule: string
  caller: string
  action: string
  limit: number
  allowed: number
  refused: number
}

interface Limits {
  rules: { name: string; limit: number; origin: string; particular: object[] }[]
  usage: Usage[]
}

const isAdmitted = ({ status }: ApiAnswer) => status === 200
const isThrottled = ({ body }: ApiAnswer) => body.Code === 'Throttling.User'

describeOwnProgram('the limits on the management port', () => {
  const shared = sharedProgram(async () => ['--limit', '5'])
  let endpoints: Endpoints
  beforeAll(() => {
    endpoints = shared.endpoints
  })

  const ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) =>
    managementClient(endpoints.management).request(method, path, body)
  const limits = async (query = '') => (await ask('GET', `/limits${query}`)) as Limits

  function clientOf(name?: string): SignedClient {
    const client = ownerClient(endpoints, { connections: 16, ...(name && user(name, endpoints)) })
    onTestFinished(() => client.close())
    return client
  }

  /** Offers calls at once; of an operation that changes nothing. */
  async function offer(action: string, count: number, client = clientOf()) {
    const parameters = { MqttInstanceId: endpoints.instanceId, Sn: 'deadbeef', PageNo: '1', PageSize: '1' }
    const answers = await Promise.all(Array.from({ length: count }, () => client.call(action, parameters)))
    const refused = answers.filter(isThrottled).length
    return { admitted: count - refused, refused }
  }

  /** Offers until a call is refused. */
  async function offerTooMany(action: string, client = clientOf()) {
    const sum = { admitted: 0, refused: 0 }
    for (let round = 0; round < 100 && sum.refused === 0; round += 1) {
      const { admitted, refused } = await offer(action, 50, client)
      sum.admitted += admitted
      sum.refused += refused
    }
    expect(sum.refused).toBeGreaterThan(0)
    return sum
  }

  test('D6: each call is in the totals of its account and operation, allowed or refused, and in the metrics', async () => {
    const action = 'ListDeviceCertificate'
    const { admitted, refused } = await offerTooMany(action)
    const { usage } = await limits(`?action=${action}&rule=calls`)
    expect(usage).toEqual([
      expect.objectContaining({ caller: endpoints.accountId, action, limit: 5, allowed: admitted, refused }),
    ])
    const metrics = await (await fetch(`${endpoints.management}/metrics`)).text()
    const labels = `rule="calls",account="${endpoints.accountId}",action="${action}"`
    expect(metrics).toContain(`apsaramq_throttle_calls_total{${labels},outcome="allowed"} ${admitted}\n`)
    expect(metrics).toContain(`apsaramq_throttle_calls_total{${labels},outcome="refused"} ${refused}\n`)
    expect(metrics).toContain('apsaramq_throttle_limit{rule="calls",account="",action=""} 5\n')
  })

  test('D6: refusals come as server-sent events, few of them, and none of the refused calls is missing', async () => {
    const leaving = new AbortController()
    const path = '/limits/events?action=ListCaCertificate'
    const response = await fetch(`${endpoints.management}${path}`, { signal: leaving.signal })
    const { refused } = await offerTooMany('ListCaCertificate')
    let [told, events, text] = [0, 0, '']
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = `${text}${chunk}`.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const event = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as { type?: string; calls?: number }
        if (event.type !== 'refused') continue
        told += event.calls!
        events += 1
      }
      if (told >= refused) break
    }
    leaving.abort()
    expect(told).toBe(refused)
    expect(events).toBeLessThanOrEqual(refused)
  })

  test('D7: a limit is raised and lowered without a restart, for everyone', async () => {
    const action = 'GetCaCertificate'
    await offerTooMany(action)
    expect(await ask('PUT', '/limits', { limit: 100_000, action })).toMatchObject({ limit: 100_000, rule: 'calls' })
    expect(await offer(action, 200)).toEqual({ admitted: 200, refused: 0 })
    expect(await ask('PUT', '/limits', { limit: 3, action })).toMatchObject({ limit: 3, before: 100_000 })
    await offerTooMany(action)
    const { usage } = await limits(`?action=${action}&rule=calls`)
    expect(usage).toEqual([expect.objectContaining({ limit: 3, caller: endpoints.accountId })])
  })

  test('D7: the limit of one account is raised, as its support would, and others keep theirs', async () => {
    const action = 'GetRegisterCode'
    const stranger = endpoints.users.find(({ accountId }) => accountId !== endpoints.accountId)!
    await ask('PUT', '/limits', { limit: 100_000, action, accountId: endpoints.accountId })
    expect(await offer(action, 100)).toEqual({ admitted: 100, refused: 0 })
    expect(await offer(action, 100, clientOf('reader'))).toEqual({ admitted: 100, refused: 0 })
    await offerTooMany(action, clientOf(stranger.name))
  })

  test('D7: a limit that is none is refused in one sentence, and the calls go on as before', async () => {
    for (const limit of [0, -1, 0.5, 1e12]) {
      await expect(ask('PUT', '/limits', { limit })).rejects.toThrow(
        `the limit must be a whole number of calls a second from 1 to 1000000000; it was ${limit}`,
      )
    }
    await expect(ask('PUT', '/limits', { limit: 5, action: 'NoOperation' })).rejects.toThrow(
      'the limit is of an operation that is served; NoOperation is none',
    )
    expect((await limits()).rules[0]).toMatchObject({ name: 'calls', limit: 5 })
  })

  test('D7: the command line shows the limits, changes one and puts all back', async () => {
    const run = (...args: string[]) => runProgram({ args: ['limits', ...args, '--management', endpoints.management] })
    await offer('GetDeviceCertificate', 1)
    expect(await run('set', '77', '--action', 'GetDeviceCertificate')).toMatchObject({
      code: 0,
      stdout: '77 calls a second from the next call on, before 5; rule calls\n',
    })
    const { stdout } = await run()
    expect(stdout).toMatch(/^calls +account +operation +sliding +enforce +GetDeviceCertificate +77 +set$/m)
    expect(stdout).toMatch(
      new RegExp(`^calls +${endpoints.accountId} +GetDeviceCertificate +\\d/77 +1 +0 +\\d+ ms$`, 'm'),
    )
    expect((await run('reset')).stdout).not.toContain('77')
    expect(await run('set', 'many')).toMatchObject({
      code: 1,
      stderr: 'apsaramq-emulator: the limit must be a number; it was "many"\n',
    })
  })

  test('D7: a reset goes back to the configured limits and forgets who called', async () => {
    await ask('PUT', '/limits', { limit: 9 })
    await offer('ListCaCertificate', 1)
    await ask('POST', '/reset')
    const { rules, usage } = await limits()
    expect([rules[0], usage]).toEqual([expect.objectContaining({ name: 'calls', limit: 5, origin: 'set' }), []])
    expect(isAdmitted(await clientOf().call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId }))).toBe(true)
  })
})
