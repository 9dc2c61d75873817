import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const accountId = '1234567890123456'
export const instanceId = 'post-cn-permissions'
export const otherInstanceId = 'post-cn-permissions2'

type Policy = string | { Version: '1'; Statement: object[] }

const policy = (...Statement: object[]): Policy => ({ Version: '1', Statement })
const allow = (Action: string | string[], more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const deny = (Action: string | string[], more: object = {}) => ({ Effect: 'Deny', Action, Resource: '*', ...more })
const when = (Condition: object) => policy(allow('mq:*', { Condition }))
const getCode = policy(allow(['mq:GetRegisterCode', 'mq:MqttInstanceAccess']))

/** A RAM user of the matrix: what is attached to it and its groups. */
export interface MatrixUser {
  policies: Policy[]
  groups?: string[]
}

/** The user groups of the seed. */
const groups: Record<string, Policy[]> = {
  readers: [policy(allow(['mq:Get*', 'mq:List*', 'mq:MqttInstanceAccess']))],
  'code-givers': [policy(allow('mq:GetRegisterCode'))],
  banned: [policy(deny('mq:GetRegister*'))],
}

/** The users of the seed by name, and what each of them has. */
export const users = {
  full: { policies: ['AliyunMQFullAccess'] },
  nothing: { policies: [] },
  exact: { policies: [getCode] },
  'without-dependency': { policies: [policy(allow('mq:GetRegisterCode'))] },
  'by-wildcard': { policies: [policy(allow(['mq:Get?egister*', 'mq:*Access']))] },
  'by-group': { policies: [], groups: ['readers'] },
  'half-by-group': { policies: [policy(allow('mq:MqttInstanceAccess'))], groups: ['code-givers'] },
  'banned-by-group': { policies: ['AliyunMQFullAccess'], groups: ['readers', 'banned'] },
  'denied-by-itself': { policies: [policy(deny('mq:GetRegisterCode'), allow('mq:*'))], groups: ['readers'] },
  'all-but-one': { policies: [policy({ Effect: 'Allow', NotAction: 'mq:GetRegisterCode', Resource: '*' })] },
  'one-instance': { policies: [policy(allow('mq:*', { Resource: `acs:mq:*:*:instance/${instanceId}` }))] },
  'other-instance': { policies: [policy(allow('mq:*', { Resource: `acs:mq:*:${accountId}:${otherInstanceId}` }))] },
  'read-only': { policies: ['AliyunMQReadOnlyAccess'] },
  'over-ipv4': { policies: [when({ IpAddress: { 'acs:SourceIp': ['127.0.0.0/8', '10.0.0.0/8'] } })] },
  'over-ipv6': { policies: [when({ IpAddress: { 'acs:SourceIp': '::1' } })] },
  'not-over-ipv4': { policies: [when({ NotIpAddress: { 'acs:SourceIp': '127.0.0.1' } })] },
  'from-elsewhere': { policies: [when({ IpAddress: { 'acs:SourceIp': '203.0.113.0/24' } })] },
  'over-https': { policies: [when({ Bool: { 'acs:SecureTransport': 'true' } })] },
  'never-over-http': {
    policies: ['AliyunMQFullAccess', policy(deny('*', { Condition: { Bool: { 'acs:SecureTransport': false } } }))],
  },
  'after-2020': { policies: [when({ DateGreaterThan: { 'acs:CurrentTime': '2020-01-01T00:00:00+08:00' } })] },
  'before-2020': { policies: [when({ DateLessThan: { 'acs:CurrentTime': '2020-01-01T00:00:00Z' } })] },
  'with-mfa': { policies: [when({ Bool: { 'acs:MFAPresent': 'true' } })] },
} satisfies Record<string, MatrixUser>

/** A user of the seed. */
export type UserName = keyof typeof users

/** The AccessKey pair of a user. */
export function keyOf(name: UserName): { accessKeyId: string; accessKeySecret: string } {
  return { accessKeyId: `LTAI-${name}`, accessKeySecret: `secret of ${name}` }
}

function seed(): object {
  return {
    accounts: [{ id: accountId, accessKeys: [{ id: 'LTAIpermissionsOwner', secret: 'secret of the owner' }] }],
    userGroups: Object.entries(groups).map(([name, policies]) => ({ account: accountId, name, policies })),
    users: Object.entries<MatrixUser>(users).map(([name, { policies, groups: memberOf = [] }]) => {
      const { accessKeyId: id, accessKeySecret: secret } = keyOf(name as UserName) // a key of users
      return { account: accountId, name, groups: memberOf, policies, accessKeys: [{ id, secret }] }
    }),
    roles: [{ account: accountId, name: 'operator', policies: [getCode, policy(allow('mq:Inactivate*'))] }],
    instances: [instanceId, otherInstanceId].map((id) => ({ id, account: accountId })),
  }
}

/** Writes the seed into a directory; returns its path. */
export async function writeSeed(directory: string): Promise<string> {
  const file = join(directory, 'seed.json')
  await writeFile(file, JSON.stringify(seed(), null, 2))
  return file
}
