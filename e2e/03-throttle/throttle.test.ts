import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startProgram, type ApiAnswer, type Endpoints, type Program, type SignedClient } from '@apsaramq/testkit'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { expectExplained } from '../support/explained.ts'
import { firstThrottled, throttledKind } from '../support/first-throttled.ts'
import { ownProgram } from '../support/own-program.ts'
import { sdks, viaOpenApiCore } from '../support/sdk.ts'
import { describeOwnProgram, ownerClient, user } from '../support/target.ts'

/** Offers `count` calls at once, signed ahead; tells what was admitted, and in how many seconds. */
async function offer(client: SignedClient, { instanceId }: Endpoints, count: number) {
  const requests = Array.from({ length: count }, () =>
    client.prepare('GetRegisterCode', { MqttInstanceId: instanceId }),
  )
  const from = performance.now()
  const answers = await Promise.all(requests.map((request) => client.send(request)))
  const seconds = (performance.now() - from) / 1_000
  return { admitted: answers.filter(isAdmitted), refused: answers.filter((answer) => !isAdmitted(answer)), seconds }
}

const isAdmitted = ({ status }: ApiAnswer) => status === 200

/** Calls until one is refused. */
async function exhaust(call: () => Promise<ApiAnswer>, atMost: number): Promise<ApiAnswer> {
  for (let calls = 0; calls < atMost; calls += 1) {
    const answer = await call()
    if (!isAdmitted(answer)) return answer
  }
  throw new Error(`${atMost} calls were all admitted`)
}

async function limited(limit: number | undefined) {
  const program = await ownProgram(limit === undefined ? [] : ['--limit', String(limit)])
  const endpoints = program.endpoints()
  const client = ownerClient(endpoints, { connections: 32 })
  onTestFinished(() => client.close())
  return { endpoints, client, program }
}

describeOwnProgram('the throttle', () => {
  test('D1: 500 calls a second are admitted, and no more', { timeout: 120_000 }, async () => {
    const { endpoints, client } = await limited(undefined)
    let admitted = 0
    let seconds = 0
    for (let round = 0; round < 6; round += 1) {
      const result = await offer(client, endpoints, 1_000)
      admitted += result.admitted.length
      seconds += result.seconds
      if (result.refused.length > 0) break
    }
    expect(admitted).toBeGreaterThanOrEqual(500)
    expect(admitted).toBeLessThanOrEqual(500 * (Math.floor(seconds) + 1))
  })

  test('D1: --limit sets another number, and every refused call leaves the window as it was', async () => {
    const { endpoints, client } = await limited(20)
    const { admitted, refused, seconds } = await offer(client, endpoints, 200)
    expect(admitted.length).toBeGreaterThanOrEqual(20)
    expect(admitted.length).toBeLessThanOrEqual(20 * (Math.floor(seconds) + 1))
    expect(refused.length).toBe(200 - admitted.length)
  })
})

describeOwnProgram('a throttle of two calls a second', () => {
  let program: Program
  let endpoints: Endpoints
  let client: SignedClient
  let dataDir: string
  const others: SignedClient[] = []
  const clientOf = (identity: Partial<Parameters<typeof ownerClient>[1]>) => {
    const one = ownerClient(endpoints, identity)
    others.push(one)
    return one
  }

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    program = await startProgram({ args: ['start', ...anyPorts, '--limit', '2'], dataDir })
    endpoints = program.endpoints()
    client = clientOf({ connections: 32 })
  })
  afterAll(async () => {
    for (const one of others) one.close()
    await program?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  test('D4: the refusal carries the code, the wait and the state of the window; who waits as told is admitted', async () => {
    const call = () => client.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })
    const { status, body, headers, requestId } = await exhaust(call, 1_000)
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { Code: 'Throttling.User', Message: 'Request was denied due to user flow control.' },
    })
    const wait = Number(headers['x-acs-retry-after'])
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(1_000)
    expect(headers['x-ratelimit-user-api']).toMatch(/^Limit:2,Remain:0,TimeLeft:\d+,Reset:\d+$/)
    expect(headers['x-ratelimit-user']).toMatch(/^Limit:2,Remain:0,TimeLeft:\d+,Reset:\d+$/)
    await pause(wait) // the wait is what is tested
    expect((await call()).status).toBe(200)
    await expectExplained({ requestId }, 'throttled', endpoints.management)
  })

  test('D1: the window is of the account and the operation: a RAM user shares it, others have their own', async () => {
    const readerClient = clientOf(user('reader', endpoints))
    const otherClient = clientOf(endpoints.users.find((one) => one.accountId !== endpoints.accountId)!)
    const MqttInstanceId = endpoints.instanceId
    const page = { MqttInstanceId, PageNo: '1', PageSize: '1' }
    // One call each in a window that takes two: a third of either is refused, however they take turns.
    const codes = await Promise.all(
      Array.from({ length: 30 }, (_, at) => (at % 2 ? client : readerClient).call('ListDeviceCertificate', page)),
    )
    expect(codes.some(({ body }) => body.Code === 'Throttling.User')).toBe(true)
    const elsewhere = await client.call('ListCaCertificate', page)
    const stranger = await otherClient.call('ListDeviceCertificate', page)
    expect({ elsewhere: elsewhere.status, stranger: stranger.body.Code }).toEqual({
      elsewhere: 200,
      stranger: 'MqttOwnerCheckError',
    })
  })

  test('D1: a call whose signature is wrong takes no place in the window', async () => {
    const wrong = clientOf({ accessKeySecret: 'wrong' })
    const parameters = { MqttInstanceId: endpoints.instanceId, Sn: 'deadbeef' }
    for (let call = 0; call < 10; call += 1) {
      expect((await wrong.call('GetCaCertificate', parameters)).body.Code).toBe('SignatureDoesNotMatch')
    }
    expect((await client.call('GetCaCertificate', parameters)).body.Code).toBe('FindCaBySnError')
  })

  test('D4: every SDK reports the throttle by its own means', async () => {
    const caller = { ...endpoints, endpoints }
    const parameters = { MqttInstanceId: endpoints.instanceId, Sn: 'deadbeef' }
    for (const sdk of sdks) {
      const { kind, code, status } = await firstThrottled(sdk, 'FindCaBySnError', () =>
        sdk.call(caller, 'ActiveCaCertificate', parameters),
      )
      expect({ sdk: sdk.name, kind, code, status }).toEqual({
        sdk: sdk.name,
        kind: throttledKind(sdk, 'Throttling.User'),
        code: 'Throttling.User',
        status: 400,
      })
    }
  })

  test.each([undefined, 'v2'] as const)(
    'D4: openapi-core (%s) that was told to retry waits and succeeds by itself',
    async (algorithm) => {
      const parameters = { MqttInstanceId: endpoints.instanceId }
      const call = viaOpenApiCore({ method: 'POST', form: false }, algorithm, {
        retryable: true,
        retryCondition: [
          { maxAttempts: 5, exception: ['ThrottlingError'], errorCode: ['Throttling.User'], maxDelay: 5_000 },
        ],
        noRetryCondition: [],
      } as unknown as Parameters<typeof viaOpenApiCore>[2]) // its classes live in a package of the SDK's own
      await exhaust(() => client.call('GetRegisterCode', parameters), 1_000)
      const answer = await call({ ...endpoints, endpoints }, 'GetRegisterCode', parameters)
      expect(answer).toEqual({ RequestId: expect.any(String) as unknown, RegisterCode: expect.any(String) as unknown })
    },
  )
})

describeOwnProgram('the quotas of the operations', () => {
  test('D1: --limit is of the operations documented at 500; BatchQuerySessionByClientIds keeps its 100', async () => {
    const { endpoints, client } = await limited(3)
    const offerOf = async (action: string, parameters: Record<string, string>, count: number) => {
      const requests = Array.from({ length: count }, () => client.prepare(action, parameters))
      const from = performance.now()
      const answers = await Promise.all(requests.map((request) => client.send(request)))
      const windows = Math.floor((performance.now() - from) / 1_000) + 1
      return { admitted: answers.filter(isAdmitted).length, windows }
    }
    const InstanceId = endpoints.instanceId
    const batch = { InstanceId, 'ClientIdList.1': 'GID_demo@@@one' }
    const many = await offerOf('BatchQuerySessionByClientIds', batch, 300)
    expect(many.admitted).toBeGreaterThanOrEqual(100)
    expect(many.admitted).toBeLessThanOrEqual(100 * many.windows)
    const few = await offerOf('QuerySessionByClientId', { InstanceId, ClientId: 'GID_demo@@@one' }, 100)
    expect(few.admitted).toBeGreaterThanOrEqual(3)
    expect(few.admitted).toBeLessThanOrEqual(3 * few.windows)
  })
})
