import { managementClient, type Endpoints } from '@apsaramq/testkit'
import { beforeAll, expect, test } from 'vitest'
import { sdks, viaOpenApiCore, type RetryOptions } from '../support/sdk.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, user } from '../support/target.ts'

interface Client {
  name: string
  accessKeyId: string
  remoteAddress: string
  verdict: 'rude' | 'polite' | 'unjudged'
  refusals: number
  kept: number
  broken: number
  operations: {
    action: string
    median: { toldMs: number; waitedMs: number }
    worst: { toldMs: number; waitedMs: number }
  }[]
}

/** The SDK's own retry: it waits as long as the refusal says. */
const retrying = {
  retryable: true,
  retryCondition: [{ maxAttempts: 5, exception: ['ThrottlingError'], errorCode: ['Throttling.User'], maxDelay: 5_000 }],
  noRetryCondition: [],
} as unknown as RetryOptions // its classes live in a package of the SDK's own

describeOwnProgram('the politeness of clients', () => {
  const shared = sharedProgram(async () => ['--limit', '2'])
  let endpoints: Endpoints
  beforeAll(() => {
    endpoints = shared.endpoints
  })

  const report = () =>
    managementClient(endpoints.management).request('GET', '/politeness') as Promise<{
      rude: string[]
      clients: Client[]
    }>
  const clientOf = async (accessKeyId: string) =>
    (await report()).clients.find((client) => client.accessKeyId === accessKeyId)

  test(
    'D11: a client in a loop is rude by name, one that waits as it is told is not',
    { timeout: 120_000 },
    async () => {
      const parameters = { MqttInstanceId: endpoints.instanceId }
      const popCore = sdks.find(({ name }) => name === 'pop-core POST form')!
      const reader = { ...user('reader', endpoints), endpoints }
      const inALoop = () => popCore.call(reader, 'GetRegisterCode', parameters).catch(() => undefined)
      const patient = viaOpenApiCore({ method: 'POST', form: false }, undefined, retrying)

      // Both share the window of the account: the loop fills it, and the patient one is refused
      for (let round = 0; round < 50 && !(await clientOf(endpoints.accessKeyId))?.kept; round += 1) {
        for (let calls = 0; calls < 20; calls += 1) await inALoop()
        const answer = await patient({ ...endpoints, endpoints }, 'GetRegisterCode', parameters)
        expect(answer['RegisterCode']).toBeTruthy()
      }
      for (let calls = 0; calls < 2_000 && (await clientOf(reader.accessKeyId))?.verdict !== 'rude'; calls += 1)
        await inALoop()

      const { rude, clients } = await report()
      const [first, second] = clients
      expect(rude).toEqual(['reader'])
      expect(first).toMatchObject({
        name: 'reader',
        verdict: 'rude',
        accessKeyId: reader.accessKeyId,
        remoteAddress: '127.0.0.1',
      })
      expect(first!.broken).toBeGreaterThan(0)
      const { worst } = first!.operations[0]!
      expect(worst.waitedMs).toBeLessThan(worst.toldMs)
      expect(second).toMatchObject({
        name: `the owner of ${endpoints.accountId}`,
        verdict: 'polite',
        accessKeyId: endpoints.accessKeyId,
        broken: 0,
      })
      const { median } = second!.operations[0]!
      expect(median.waitedMs).toBeGreaterThanOrEqual(median.toldMs - 5)
    },
  )
})
