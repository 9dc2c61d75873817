import type { PolicyDocument, PolicyStatement } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { allInstancesResources, instanceResources, judgePolicies, type PolicySet } from './policy.ts'

const resources = instanceResources({ regionId: 'cn-hangzhou', accountId: '1', id: 'post-1' })
const facts = { remoteAddress: '10.0.0.1', secure: false, now: 0 }

type Parts = { Action?: string | string[]; NotAction?: string | string[]; Resource?: string | string[] } & Pick<
  PolicyStatement,
  'Condition'
>

const statement = (Effect: 'Allow' | 'Deny', Action: string | string[], more: Parts = {}): PolicyStatement =>
  ({ Effect, ...(more.NotAction === undefined && { Action }), Resource: '*', ...more }) as PolicyStatement // one of the two

const allow = (Action: string | string[], Resource: string | string[] = '*') => statement('Allow', Action, { Resource })
const deny = (Action: string | string[], Resource: string | string[] = '*') => statement('Deny', Action, { Resource })
const policy = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: '1', Statement })
const set = (...policies: PolicyDocument[]): PolicySet => ({
  kind: 'policy',
  policies: policies.map((document, at) => ({ name: `policy ${at + 1}`, document })),
})

function judge(...sets: PolicySet[]) {
  return judgePolicies(sets, { action: 'mq:GetCaCertificate', resources, facts, assume: () => undefined })
}

test('an instance has the two documented spellings, and so have all of them together', () => {
  expect(resources).toEqual(['acs:mq:cn-hangzhou:1:post-1', 'acs:mq:cn-hangzhou:1:instance/post-1'])
  expect(allInstancesResources('cn-hangzhou', '1')).toEqual([
    'acs:mq:cn-hangzhou:1:*',
    'acs:mq:cn-hangzhou:1:instance/*',
  ])
})

test.each([
  ['nothing is allowed without a statement', [policy()], 'not-allowed'],
  ['an action is allowed by its name', [policy(allow('mq:GetCaCertificate'))], 'allowed'],
  ['and by a wildcard', [policy(allow('mq:Get?aCert*'))], 'allowed'],
  ['and in a list', [policy(allow(['mq:A', 'mq:Get*']))], 'allowed'],
  ['in any case', [policy(allow('MQ:getcacertificate'))], 'allowed'],
  ['but not by another service', [policy(allow('ecs:*'))], 'not-allowed'],
  ['NotAction allows what it does not name', [policy(statement('Allow', '', { NotAction: 'mq:Del*' }))], 'allowed'],
  ['and nothing that it names', [policy(statement('Allow', '', { NotAction: ['x:y', 'mq:Get*'] }))], 'not-allowed'],
  [
    'NotAction denies what it does not name',
    [policy(allow('*'), statement('Deny', '', { NotAction: 'mq:Del*' }))],
    'denied',
  ],
  ['and leaves what it names', [policy(allow('*'), statement('Deny', '', { NotAction: 'mq:Get*' }))], 'allowed'],
  ['a resource may be the instance', [policy(allow('*', 'acs:mq:cn-hangzhou:1:post-1'))], 'allowed'],
  ['in the other spelling', [policy(allow('*', 'acs:mq:*:*:instance/post-1'))], 'allowed'],
  ['in a list, with wildcards', [policy(allow('*', ['x', 'acs:mq:*:1:post-?']))], 'allowed'],
  ['another instance is not it', [policy(allow('*', 'acs:mq:*:*:post-2'))], 'not-allowed'],
  ['another case is not it', [policy(allow('*', 'acs:mq:*:*:POST-1'))], 'not-allowed'],
  ['another account is not it', [policy(allow('*', 'acs:mq:*:2:*'))], 'not-allowed'],
  ['a Deny wins over an Allow before it', [policy(allow('*'), deny('mq:Get*'))], 'denied'],
  ['and over one after it', [policy(deny('mq:Get*'), allow('*'))], 'denied'],
  ['in another policy too', [policy(allow('*')), policy(deny('*', 'acs:mq:*:*:instance/*'))], 'denied'],
  ['a Deny of another action does nothing', [policy(allow('*'), deny('mq:Delete*'))], 'allowed'],
  ['a Deny of another resource does nothing', [policy(allow('*'), deny('*', 'acs:mq:*:*:post-2'))], 'allowed'],
] as [string, PolicyDocument[], string][])('B6: %s', (_title, policies, verdict) => {
  expect(judge(set(...policies)).verdict).toBe(verdict)
})

test.each([
  ['the owner has no policies and may do everything', [], 'allowed'],
  ['what both allow is allowed', [[allow('mq:*')], [allow('mq:Get*')]], 'allowed'],
  ['what only the first allows is not', [[allow('mq:*')], [allow('mq:List*')]], 'not-allowed'],
  ['what only the second allows is not', [[allow('mq:List*')], [allow('mq:*')]], 'not-allowed'],
  ['a Deny in the second wins', [[allow('*')], [allow('*'), deny('mq:Get*')]], 'denied'],
  ['a Deny wins over what another set does not allow', [[], [deny('*')]], 'denied'],
] as [string, PolicyStatement[][], string][])('B6: of a session, %s', (_title, sets, verdict) => {
  expect(judge(...sets.map((statements) => set(policy(...statements)))).verdict).toBe(verdict)
})

const fromHome = { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } }
const fromElsewhere = { IpAddress: { 'acs:SourceIp': '192.168.0.0/16' } }
const unreadable = { BinaryEquals: { 'acs:SourceIp': 'x' } }

test.each([
  ['an Allow counts where its condition holds', [statement('Allow', '*', { Condition: fromHome })], 'allowed'],
  ['and not where it does not', [statement('Allow', '*', { Condition: fromElsewhere })], 'not-allowed'],
  ['nor where it cannot be judged', [statement('Allow', '*', { Condition: unreadable })], 'not-allowed'],
  ['a Deny counts where its condition holds', [allow('*'), statement('Deny', '*', { Condition: fromHome })], 'denied'],
  ['and not where it does not', [allow('*'), statement('Deny', '*', { Condition: fromElsewhere })], 'allowed'],
  ['but it does where it cannot be judged', [allow('*'), statement('Deny', '*', { Condition: unreadable })], 'denied'],
] as [string, PolicyStatement[], string][])('B6: %s', (_title, statements, verdict) => {
  expect(judge(set(policy(...statements))).verdict).toBe(verdict)
})

test('the statement that decided is named: the one that denies, or the one that would allow but for its condition', () => {
  const denying = set(policy(allow('*')), policy(allow('ecs:*'), deny('mq:Get*')))
  expect(judge(denying)).toEqual({
    verdict: 'denied',
    set: 'policy',
    by: { policy: 'policy 2', statement: 2, unmet: undefined },
  })
  const nearly = set(policy(statement('Allow', '*', { Condition: fromElsewhere })))
  const unmet = { operator: 'IpAddress', key: 'acs:SourceIp', actual: '10.0.0.1' }
  expect(judge(nearly)).toEqual({
    verdict: 'not-allowed',
    set: 'policy',
    by: { policy: 'policy 1', statement: 1, unmet },
  })
  expect(judge(set(policy(allow('ecs:*'))))).toEqual({ verdict: 'not-allowed', set: 'policy', by: undefined })
})
