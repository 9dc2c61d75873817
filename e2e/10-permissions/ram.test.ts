import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { explanation } from '../support/explained.ts'
import { sdks, type Caller, type SdkVariant } from '../support/sdk.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram } from '../support/target.ts'
import { accountId, instanceId, keyOf, otherInstanceId, users, writeSeed, type UserName } from './permissions-seed.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
if (!hasIpv6) process.stderr.write('e2e: this machine has no ::1, so calls from there are left out\n')
const ipv6Test = hasIpv6 ? test : test.skip

/** Where a call goes: over which protocol, to which address. */
interface Way {
  tls?: boolean
  host?: '127.0.0.1' | '[::1]'
}

const done = { code: 'done', status: 200, message: '' }
const refused = (...words: string[]) => ({
  code: 'PermissionCheckFailed',
  status: 403,
  message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[.*?()]/g, '\\$&')).join('.*'))),
})
const lacks = (name: string, action = 'mq:GetRegisterCode') =>
  `no policy allows RAM user ${name} the action ${action} on acs:mq:cn-hangzhou:${accountId}:${instanceId}`
const denied = (name: string) =>
  `a policy denies RAM user ${name} the action mq:GetRegisterCode on acs:mq:cn-hangzhou:${accountId}:${instanceId}`

describeOwnProgram('RAM permissions', () => {
  const shared = sharedProgram(async (directory) => [
    '--seed',
    await writeSeed(directory),
    '--host',
    hasIpv6 ? '::' : '127.0.0.1', // an IPv4 client then comes as ::ffff:127.0.0.1
  ])

  function caller(name: UserName, { tls = false, host = '127.0.0.1' }: Way = {}): Caller {
    const endpoints = shared.program.endpoints()
    const at = (url: string) => `${new URL(url).protocol}//${host}:${new URL(url).port}`
    return { ...keyOf(name), tls, endpoints: { ...endpoints, api: at(endpoints.api), apiTls: at(endpoints.apiTls) } }
  }

  /** What GetRegisterCode answers: `done`, or the code; with the log's own words where it is refused. */
  async function outcome(name: UserName, sdk: SdkVariant, way: Way = {}, instance = instanceId) {
    try {
      await sdk.call(caller(name, way), 'GetRegisterCode', { MqttInstanceId: instance })
      return { code: 'done', status: 200, message: '' }
    } catch (error) {
      const { code, status, requestId } = sdk.refusal(error)
      const told = await explanation({ requestId: String(requestId) }, shared.program.endpoints().management)
      return { code, status, message: told?.answer }
    }
  }

  const matrix: [UserName, ReturnType<typeof refused> | typeof done][] = [
    ['full', done],
    ['nothing', refused(lacks('nothing'))],
    ['exact', done],
    ['without-dependency', refused(lacks('without-dependency', 'mq:MqttInstanceAccess'))],
    ['by-wildcard', done],
    ['by-group', done],
    ['half-by-group', done],
    ['banned-by-group', refused(denied('banned-by-group'), 'statement 1 of policy 1 of group banned')],
    ['denied-by-itself', refused(denied('denied-by-itself'), 'statement 1 of policy 1 of RAM user denied-by-itself')],
    ['all-but-one', refused(lacks('all-but-one'))],
    ['one-instance', done],
    ['other-instance', refused(lacks('other-instance'))],
    ['read-only', refused(lacks('read-only', 'mq:MqttInstanceAccess'))],
    [
      'from-elsewhere',
      refused(lacks('from-elsewhere'), 'would, but its condition IpAddress acs:SourceIp', '127.0.0.1'),
    ],
    [
      'not-over-ipv4',
      refused(lacks('not-over-ipv4'), 'condition NotIpAddress acs:SourceIp does not hold for 127.0.0.1'),
    ],
    ['over-ipv4', done],
    ['over-ipv6', refused(lacks('over-ipv6'), 'condition IpAddress acs:SourceIp does not hold for 127.0.0.1')],
    ['over-https', refused(lacks('over-https'), 'condition Bool acs:SecureTransport does not hold for false')],
    ['never-over-http', refused(denied('never-over-http'), 'statement 1 of policy 2 of RAM user never-over-http')],
    ['after-2020', done],
    ['before-2020', refused(lacks('before-2020'), 'condition DateLessThan acs:CurrentTime does not hold for 2')],
    ['with-mfa', refused(lacks('with-mfa'), 'condition Bool acs:MFAPresent does not hold for false')],
  ]

  // each user calls with another client, so that all of them are told
  test.each(matrix.map(([name, expected], at) => ({ name, expected, sdk: sdks[at % sdks.length]! })))(
    'B6: a RAM user with the policies $name, asking by $sdk.name',
    async ({ name, expected, sdk }) => {
      expect(await outcome(name, sdk)).toEqual(expected)
    },
  )

  test('B6: every user of the seed is in the matrix', () => {
    expect(matrix.map(([name]) => name).sort()).toEqual(Object.keys(users).sort())
  })

  test.each(sdks)('B6: over HTTPS, conditions see it: $name', async (sdk) => {
    expect(await outcome('over-https', sdk, { tls: true })).toEqual(done)
    expect(await outcome('never-over-http', sdk, { tls: true })).toEqual(done)
  })

  test('B6: a policy on one instance, in either spelling, says nothing of the other', async () => {
    const [sdk] = sdks as [SdkVariant]
    expect(await outcome('one-instance', sdk, {}, otherInstanceId)).toMatchObject({ code: 'PermissionCheckFailed' })
    expect(await outcome('other-instance', sdk, {}, otherInstanceId)).toEqual(done)
  })

  ipv6Test('B6: a client that comes from ::1 is told from one that comes from 127.0.0.1', async () => {
    const sdk = sdks.find(({ name }) => name === 'pop-core POST form')!
    for (const tls of [false, true]) {
      const way: Way = { tls, host: '[::1]' }
      expect(await outcome('over-ipv6', sdk, way)).toEqual(done)
      expect(await outcome('not-over-ipv4', sdk, way)).toEqual(done)
      expect(await outcome('over-ipv4', sdk, way)).toEqual(
        refused(lacks('over-ipv4'), 'condition IpAddress acs:SourceIp does not hold for ::1'),
      )
    }
  })
})
