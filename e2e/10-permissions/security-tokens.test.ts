import { managementClient, startProgram, type ManagementError } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { explanation } from '../support/explained.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { sdks, type Caller, type SdkVariant } from '../support/sdk.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram } from '../support/target.ts'
import { accountId, instanceId, keyOf, writeSeed } from './permissions-seed.ts'

/** What the management port issues. */
interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  securityToken: string
  expiration: string
}

/** What an SDK got: `done`, or the code and the status of the refusal. */
async function outcome(sdk: SdkVariant, caller: Caller, action = 'GetRegisterCode') {
  try {
    await sdk.call(caller, action, { MqttInstanceId: instanceId, Sn: '0a' })
    return { code: 'done', status: 200 }
  } catch (error) {
    const { code, status, requestId } = sdk.refusal(error)
    return { code, status, requestId }
  }
}

const allow = (...actions: string[]) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
})

const done = { code: 'done', status: 200 }
const refused = (code: string, status: number) => ({
  code,
  status,
  requestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
})

describeOwnProgram('security tokens', () => {
  const shared = sharedProgram(async (directory) => ['--seed', await writeSeed(directory)])
  const management = () => managementClient(shared.program.endpoints().management)

  async function issue(request: object): Promise<Credentials> {
    return (await management().request('POST', '/security-tokens', request)) as Credentials // the port's contract
  }

  const by = (credentials: Partial<Credentials>, tls = false): Caller => ({
    accessKeyId: '',
    accessKeySecret: '',
    ...credentials,
    tls,
    endpoints: shared.program.endpoints(),
  })

  test.each(sdks)('B6: a role works with its token, by $name, over HTTP and HTTPS', async (sdk) => {
    const credentials = await issue({ role: 'operator', sessionName: 'e2e' })
    expect(credentials.securityToken).toMatch(/\+.*\/.*=$/)
    for (const tls of [false, true]) {
      expect(await outcome(sdk, by(credentials, tls))).toEqual(done)
      expect(await outcome(sdk, by(credentials, tls), 'DeleteCaCertificate')).toEqual(
        refused('PermissionCheckFailed', 403),
      )
    }
  })

  test.each(sdks)('B6: a token that is wrong is refused by its own code, by $name', async (sdk) => {
    const credentials = await issue({ role: 'operator' })
    const { securityToken, ...withoutToken } = credentials
    const others = await issue({ role: 'operator' })
    const code = async (caller: Partial<Credentials>) => outcome(sdk, by(caller))
    const spoilt = securityToken.replace('CAIS', 'CAIT')
    expect(await code({ ...credentials, securityToken: spoilt })).toEqual(
      refused('InvalidSecurityToken.Malformed', 400),
    )
    expect(await code({ ...credentials, securityToken: others.securityToken })).toEqual(
      refused('InvalidSecurityToken.MismatchWithAccessKey', 400),
    )
    expect(await code({ ...keyOf('full'), securityToken })).toEqual(
      refused('InvalidSecurityToken.MismatchWithAccessKey', 400),
    )
    expect(await code(withoutToken)).toEqual(refused('MissingSecurityToken', 400))
    expect(await code(credentials)).toEqual(done)
  })

  test.each([
    ['a role', { role: 'operator' }, allow('mq:Inactivate*', 'mq:Unregister*'), 'role operator'],
    ['a RAM user', { user: 'full' }, allow('mq:List*', 'mq:MqttInstanceAccess'), 'RAM user full'],
    ['the owner', { accountId }, allow('mq:GetCaCertificate'), 'the account owner'],
  ])('B6: a session policy narrows what %s may do, and explain says so', async (_title, holder, policy, who) => {
    const [sdk] = sdks as [SdkVariant]
    expect(await outcome(sdk, by(await issue(holder)))).toEqual(done)
    const narrowed = await outcome(sdk, by(await issue({ ...holder, sessionName: 'narrow', policy })))
    expect(narrowed).toEqual(refused('PermissionCheckFailed', 403))
    const told = await explanation({ requestId: String(narrowed.requestId) }, shared.program.endpoints().management)
    expect(told?.answer).toContain(`no session policy allows ${who} (session narrow) the action mq:GetRegisterCode on`)
  })

  test('B6: a token ends by its time: done before, refused after', async () => {
    for (const sdk of sdks.filter(({ name }) => /pop-core POST|V3 GET/.test(name))) {
      const credentials = await issue({ role: 'operator', durationSeconds: 2 })
      const expiresAt = Date.parse(credentials.expiration)
      const answers: { beganAt: number; endedAt: number; code: unknown }[] = []
      while (answers.at(-1)?.code !== 'InvalidSecurityToken.Expired') {
        const beganAt = Date.now()
        const { code } = await outcome(sdk, by(credentials))
        answers.push({ beganAt, endedAt: Date.now(), code })
      }
      const before = answers.slice(0, -1)
      expect(before.filter(({ code }) => code !== 'done' && code !== 'Throttling.User')).toEqual([])
      expect(before.filter(({ beganAt }) => beganAt >= expiresAt)).toEqual([])
      expect(answers.at(-1)!.endedAt).toBeGreaterThanOrEqual(expiresAt)
    }
  })

  test('B6: a token that is deleted opens nothing any more', async () => {
    const [sdk] = sdks as [SdkVariant]
    const credentials = await issue({ user: 'full' })
    expect(await outcome(sdk, by(credentials))).toEqual(done)
    const path = `/security-tokens/${credentials.accessKeyId}`
    expect(await management().request('DELETE', path)).toEqual({ deleted: credentials.accessKeyId })
    expect(await outcome(sdk, by(credentials))).toEqual(refused('InvalidAccessKeyId.NotFound', 404))
    await expect(management().request('DELETE', path)).rejects.toMatchObject({
      status: 404,
      reason: 'there are no temporary credentials of this AccessKey ID',
    } satisfies Partial<ManagementError>)
  })

  test.each([
    [{ role: 'admin' }, `account ${accountId} has no role admin: it has operator`],
    [{ durationSeconds: 50_000 }, 'body/durationSeconds must be <= 43200'],
    [
      { role: 'operator', policy: { Version: '1', Statement: [{ Effect: 'Allow', Action: 'Get*', Resource: '*' }] } },
      'policy: Statement[0].Action is not an action as mq:GetCaCertificate, with * and ? as wildcards, or *',
    ],
  ])('the management port says why it issues no token: %j', async (request, reason) => {
    await expect(issue(request)).rejects.toMatchObject({ status: 400, reason })
  })

  test('G7: a token outlives a killed process, and a reset ends it', async () => {
    const [sdk] = sdks as [SdkVariant]
    const dataDir = await temporaryDirectory()
    const start = async () => {
      const seed = ['--seed', await writeSeed(dataDir)]
      const program = await startProgram({ args: ['start', ...anyPorts, ...seed], dataDir })
      onTestFinished(async () => void (await program.stop()))
      return program
    }
    const first = await start()
    const issued = await managementClient(first.endpoints().management).request('POST', '/security-tokens', {
      role: 'operator',
    })
    first.kill('SIGKILL')
    await first.exited
    const second = await start()
    const caller = { ...(issued as Credentials), endpoints: second.endpoints() } // the port's contract
    expect(await outcome(sdk, caller)).toEqual(done)
    await managementClient(second.endpoints().management).request('POST', '/reset')
    expect(await outcome(sdk, caller)).toEqual(refused('InvalidAccessKeyId.NotFound', 404))
  })
})
