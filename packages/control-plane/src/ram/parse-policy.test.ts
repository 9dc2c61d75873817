import { expect, test } from 'vitest'
import { maxPolicyLength, parseAttachedPolicy, parsePolicy } from './parse-policy.ts'
import { PolicyError } from './policy-error.ts'
import { systemPolicies } from './system-policies.ts'

const statement = (more: object = {}) => ({ Effect: 'Allow', Action: 'mq:*', Resource: '*', ...more })
const policy = (...Statement: unknown[]) => ({ Version: '1', Statement })
const condition = (Condition: unknown) => policy(statement({ Condition }))

function faultOf(input: unknown): { path: string; message: string } | undefined {
  try {
    parsePolicy(input)
    return undefined
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return { path: error.path, message: error.message }
  }
}

test('a policy comes back as it is, the booleans and numbers of its conditions as text', () => {
  const input = policy(
    statement({ Action: ['mq:Get*', '*'], Resource: ['acs:mq:*:*:instance/x', '*'] }),
    { Effect: 'Deny', NotAction: 'ram:*', Resource: '*' },
    statement({
      Condition: { Bool: { 'acs:SecureTransport': true }, NumericLessThan: { 'acs:CurrentTime': [5, '6'] } },
    }),
  )
  expect(parsePolicy(input)).toEqual({
    ...input,
    Statement: [
      ...input.Statement.slice(0, 2),
      statement({
        Condition: { Bool: { 'acs:SecureTransport': 'true' }, NumericLessThan: { 'acs:CurrentTime': ['5', '6'] } },
      }),
    ],
  })
})

test('the condition keys of a statement about other services are not known here, and never asked', () => {
  const ofOthers = {
    Effect: 'Allow',
    Action: ['ram:CreateServiceLinkedRole', 'oss:ListObjects'],
    Resource: '*',
    Condition: { StringEquals: { 'ram:ServiceName': ['ons.aliyuncs.com'] }, NumericLessThan: { 'oss:MaxKeys': '9' } },
  }
  expect(parsePolicy(policy(ofOthers))).toEqual(policy(ofOthers))
  for (const Action of ['*', 'm?:Get*', ['oss:*', 'MQ:*']]) {
    expect(faultOf(policy({ ...ofOthers, Action }))?.path).toBe('Statement[0].Condition.StringEquals.ram:ServiceName')
  }
})

test.each([
  ['no object', null, '', 'the policy is not an object'],
  ['a list', [], '', 'the policy is not an object'],
  ['another field', { ...policy(statement()), Id: 'x' }, '', 'the policy has Id, which is none of Version, Statement'],
  [
    'a version as a number',
    { ...policy(statement()), Version: 1 },
    'Version',
    'Version is not "1", the only version there is',
  ],
  ['no statement', policy(), 'Statement', 'Statement is not a list of at least one statement'],
  [
    'a single statement',
    { Version: '1', Statement: statement() },
    'Statement',
    'Statement is not a list of at least one statement',
  ],
  ['a text as statement', policy('x'), 'Statement[0]', 'Statement[0] is not an object'],
  [
    'another effect',
    policy(statement({ Effect: 'allow' })),
    'Statement[0].Effect',
    'Statement[0].Effect is neither Allow nor Deny',
  ],
  [
    'NotResource, which RAM does not have',
    policy(statement(), statement({ NotResource: '*' })),
    'Statement[1]',
    'Statement[1] has NotResource, which is none of Effect, Action, NotAction, Resource, Condition',
  ],
  [
    'both kinds of actions',
    policy(statement({ NotAction: 'mq:*' })),
    'Statement[0]',
    'Statement[0] has not one of Action and NotAction',
  ],
  [
    'neither',
    policy({ Effect: 'Allow', Resource: '*' }),
    'Statement[0]',
    'Statement[0] has not one of Action and NotAction',
  ],
  ['an empty list', policy(statement({ Action: [] })), 'Statement[0].Action', 'Statement[0].Action is empty'],
  [
    'an action without its service',
    policy(statement({ Action: ['mq:Get*', 'GetRegisterCode'] })),
    'Statement[0].Action[1]',
    'Statement[0].Action[1] is not an action as mq:GetCaCertificate, with * and ? as wildcards, or *',
  ],
  [
    'a number as action',
    policy({ Effect: 'Deny', NotAction: 7, Resource: '*' }),
    'Statement[0].NotAction',
    'Statement[0].NotAction is not an action as mq:GetCaCertificate, with * and ? as wildcards, or *',
  ],
  [
    'an instance id as resource',
    policy(statement({ Resource: 'post-cn-emulator001' })),
    'Statement[0].Resource',
    'Statement[0].Resource is not a resource as acs:mq:*:*:…, or *',
  ],
  [
    'no resource',
    policy({ Effect: 'Allow', Action: '*' }),
    'Statement[0].Resource',
    'Statement[0].Resource is not a resource as acs:mq:*:*:…, or *',
  ],
  ['a list as condition', condition([]), 'Statement[0].Condition', 'Statement[0].Condition is not an object'],
  ['an empty condition', condition({}), 'Statement[0].Condition', 'Statement[0].Condition is empty'],
  [
    'an operator without keys',
    condition({ Bool: {} }),
    'Statement[0].Condition.Bool',
    'Statement[0].Condition.Bool is empty',
  ],
  [
    'a boolean for a date',
    condition({ DateLessThan: { 'acs:CurrentTime': true } }),
    'Statement[0].Condition.DateLessThan.acs:CurrentTime',
    'Statement[0].Condition.DateLessThan.acs:CurrentTime is not a time as 2026-01-01T00:00:00Z or …+08:00',
  ],
  [
    'a word for a boolean',
    condition({ Bool: { 'acs:SecureTransport': 'yes' } }),
    'Statement[0].Condition.Bool.acs:SecureTransport',
    'Statement[0].Condition.Bool.acs:SecureTransport is not true or false',
  ],
  [
    'a word for a number',
    condition({ NumericEquals: { 'acs:CurrentTime': '1e3' } }),
    'Statement[0].Condition.NumericEquals.acs:CurrentTime',
    'Statement[0].Condition.NumericEquals.acs:CurrentTime is not a number',
  ],
  [
    'a block that is none',
    condition({ IpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '10.0.0.0/40'] } }),
    'Statement[0].Condition.IpAddress.acs:SourceIp[1]',
    'Statement[0].Condition.IpAddress.acs:SourceIp[1] is not an address or a CIDR block',
  ],
  [
    'no value',
    condition({ IpAddress: { 'acs:SourceIp': [] } }),
    'Statement[0].Condition.IpAddress.acs:SourceIp',
    'Statement[0].Condition.IpAddress.acs:SourceIp is empty',
  ],
  [
    'an operator that does not read the key',
    condition({ DateEquals: { 'acs:SourceIp': '2026-01-01T00:00:00Z' } }),
    'Statement[0].Condition.DateEquals.acs:SourceIp',
    'Statement[0].Condition.DateEquals.acs:SourceIp cannot be read by this operator: use one for ip or string',
  ],
  [
    'a key this API does not have',
    condition({ StringEquals: { 'acs:SourceVpc': 'vpc-1' } }),
    'Statement[0].Condition.StringEquals.acs:SourceVpc',
    'Statement[0].Condition.StringEquals.acs:SourceVpc is no condition key of this API: ' +
      'there are acs:SourceIp, acs:SecureTransport, acs:CurrentTime, acs:MFAPresent',
  ],
])('B6: a policy with %s is refused, and the place is named', (_title, input, path, message) => {
  expect(faultOf(input)).toEqual({ path, message })
})

test('B6: an operator that is none is refused with those there are', () => {
  const fault = faultOf(condition({ ipAddress: { 'acs:SourceIp': '10.0.0.1' } }))
  expect(fault?.path).toBe('Statement[0].Condition.ipAddress')
  expect(fault?.message).toMatch(
    /^Statement\[0\]\.Condition\.ipAddress is no operator: there are StringEquals, .*NotIpAddress$/,
  )
})

/** A policy of that many characters. */
const sized = (length: number) => {
  const empty = JSON.stringify(policy(statement({ Resource: 'acs:' }))).length
  return policy(statement({ Resource: `acs:${'x'.repeat(length - empty)}` }))
}

test('B6: a policy has a bounded length', () => {
  expect(JSON.stringify(parsePolicy(sized(maxPolicyLength)))).toHaveLength(6144)
  expect(faultOf(sized(maxPolicyLength + 1))?.message).toBe('the policy has 6145 characters, more than 6144')
})

test('what is attached may be the name of a system policy', () => {
  expect(parseAttachedPolicy('AliyunMQReadOnlyAccess')).toBe('AliyunMQReadOnlyAccess')
  expect(parseAttachedPolicy(policy(statement()))).toEqual(policy(statement()))
  expect(() => parseAttachedPolicy('AliyunMQWriteAccess')).toThrow(
    'the policy is no system policy: there are AliyunMQFullAccess, AliyunMQReadOnlyAccess, AliyunMQPubOnlyAccess, AliyunMQSubOnlyAccess',
  )
})

test('the system policies are policies', () => {
  for (const document of Object.values(systemPolicies)) expect(parsePolicy(document)).toEqual(document)
})
