import type { PolicyDocument, PolicyStatement } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { instanceResources, judgePolicies } from './policy.ts'

const resources = instanceResources({ regionId: 'cn-hangzhou', accountId: '1', id: 'post-1' })
const policy = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: '1', Statement })
const allow = (Action: string | string[], Resource: string | string[] = '*'): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
})
const deny = (Action: string | string[], Resource: string | string[] = '*'): PolicyStatement => ({
  Effect: 'Deny',
  Action,
  Resource,
})
const judge = (...policies: PolicyDocument[]) => judgePolicies(policies, 'mq:GetCaCertificate', resources)

test('an instance has the two documented spellings', () => {
  expect(resources).toEqual(['acs:mq:cn-hangzhou:1:post-1', 'acs:mq:cn-hangzhou:1:instance/post-1'])
})

test.each([
  ['nothing is allowed without a statement', [policy()], 'not-allowed'],
  ['an action is allowed by its name', [policy(allow('mq:GetCaCertificate'))], 'allowed'],
  ['and by a wildcard', [policy(allow('mq:Get?aCert*'))], 'allowed'],
  ['and in a list', [policy(allow(['mq:A', 'mq:Get*']))], 'allowed'],
  ['in any case', [policy(allow('MQ:getcacertificate'))], 'allowed'],
  ['but not by another service', [policy(allow('ecs:*'))], 'not-allowed'],
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
])('B6: %s', (_title, policies, verdict) => {
  expect(judge(...policies)).toBe(verdict)
})
