import { manualClock, type PolicyDocument } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { deleteSecurityToken, issueSecurityToken, maxSecurityTokens, type TokenRequest } from './security-tokens.ts'

const accountId = '1000000000000001'
const at = Date.UTC(2026, 0, 1)
const day = 24 * 60 * 60 * 1000

/** Bytes that count up, so that no two draws are the same. */
function countingRandom() {
  let drawn = 0
  return {
    bytes: (count: number) =>
      Uint8Array.from({ length: count }, (_, index) => (index === 0 ? (drawn += 1) >> 8 : drawn + index) & 0xff),
  }
}

async function world() {
  const store = createMemoryStore()
  const holder = { accountId, policies: [] }
  await store.reset({
    accounts: [
      { id: accountId, name: 'one' },
      { id: '2', name: 'two' },
    ],
    users: [{ ...holder, id: 'u1', name: 'reader' }],
    roles: [
      { ...holder, id: 'r1', name: 'operator' },
      { ...holder, id: 'r2', name: 'auditor', accountId: '2' },
    ],
    instances: [
      { id: 'post-1', accountId, regionId: 'cn-hangzhou', name: 'x', edition: 'platinum', tls: 'mutual', createdAt: 0 },
    ],
  })
  const clock = manualClock(at)
  const parts = { store, clock, random: countingRandom(), defaultInstance: () => 'post-1' }
  return { ...parts, issue: (request: TokenRequest = {}) => issueSecurityToken(request, parts), parts }
}

const policy: PolicyDocument = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'mq:Get*', Resource: '*' }] }

test.each([
  ['the owner', {}, { kind: 'owner' }, accountId],
  ['the owner of another account', { accountId: '2' }, { kind: 'owner' }, '2'],
  ['a user by name', { user: 'reader' }, { kind: 'user', userId: 'u1' }, accountId],
  ['a user by id', { user: 'u1' }, { kind: 'user', userId: 'u1' }, accountId],
  ['a role by name', { role: 'operator' }, { kind: 'role', roleId: 'r1' }, accountId],
  ['a role of another account', { accountId: '2', role: 'auditor' }, { kind: 'role', roleId: 'r2' }, '2'],
] as [string, TokenRequest, object, string][])(
  'B6: a token is issued for %s',
  async (_title, request, holder, account) => {
    const { issue, store } = await world()
    const token = await issue(request)
    expect(token).toEqual({
      accessKeyId: expect.stringMatching(/^STS\.[0-9A-F]{24}$/),
      secret: expect.stringMatching(/^[0-9a-f]{40}$/),
      token: expect.stringMatching(/^CAIS\+\/\/\+[A-Za-z0-9+/]+==?$/),
      accountId: account,
      holder,
      sessionName: 'emulator',
      policy: null,
      issuedAt: at,
      expiresAt: at + 3_600_000,
    })
    expect(await store.read.securityTokens.get(token.accessKeyId)).toEqual(token)
  },
)

test('B6: a token has the session and the time it was asked for', async () => {
  const { issue } = await world()
  const token = await issue({ role: 'operator', sessionName: 'alice', durationSeconds: 1, policy })
  expect(token).toMatchObject({ sessionName: 'alice', policy, issuedAt: at, expiresAt: at + 1000 })
})

const tooLong = { ...policy, Statement: [{ ...policy.Statement[0]!, Resource: `acs:${'x'.repeat(2048)}` }] }

test.each([
  ['an unknown account', { accountId: '3' }, 'there is no account 3'],
  ['an unknown user', { user: 'nobody' }, `account ${accountId} has no RAM user nobody: it has reader`],
  ['a role of another account', { role: 'auditor' }, `account ${accountId} has no role auditor: it has operator`],
  ['a user where there is none', { accountId: '2', user: 'reader' }, 'account 2 has no RAM user reader: it has none'],
  ['both a user and a role', { user: 'reader', role: 'operator' }, 'give user or role, not both'],
  ['a policy that is none', { policy: { Version: '1' } }, 'policy: Statement is not a list of at least one statement'],
  [
    'a policy that is too long',
    { policy: tooLong },
    /^policy: the policy has 21\d\d characters, more than the 2048 of a session policy$/,
  ],
] as [string, TokenRequest, string | RegExp][])(
  'a request with %s is refused, and nothing is issued',
  async (_title, request, message) => {
    const { issue, store } = await world()
    await expect(issue(request)).rejects.toMatchObject({
      name: 'TokenRequestError',
      statusCode: 400,
      message: expect.stringMatching(message),
    })
    expect(await store.read.securityTokens.count('all', '')).toBe(0)
  },
)

test('a request that names no account needs a default instance', async () => {
  const { parts } = await world()
  const none = { ...parts, defaultInstance: () => '' }
  await expect(issueSecurityToken({}, none)).rejects.toThrow('there is no default instance: give the accountId')
})

test('an expired token is known as one for a day, then forgotten', async () => {
  const { issue, clock, store } = await world()
  const first = await issue({ durationSeconds: 60 })
  const second = await issue({ durationSeconds: 3600 })
  clock.advance(60_000 + day - 1)
  await issue()
  expect(await store.read.securityTokens.get(first.accessKeyId)).toEqual(first)
  clock.advance(1)
  await issue()
  expect(await store.read.securityTokens.get(first.accessKeyId)).toBeUndefined()
  expect(await store.read.securityTokens.get(second.accessKeyId)).toEqual(second)
})

test('there are at most so many tokens: those that have expired make room, those that have not are kept', async () => {
  const { issue, clock, store } = await world()
  const sample = await issue({ durationSeconds: 60 })
  await store.transact((tx) => {
    for (let made = 1; made < maxSecurityTokens; made += 1)
      tx.securityTokens.put({ ...sample, accessKeyId: `STS.${made}`, token: `t${made}` })
  })
  await expect(issue()).rejects.toMatchObject({
    statusCode: 409,
    message: 'there are 10000 security tokens that have not expired: delete some with DELETE /security-tokens/ID',
  })
  expect(await store.read.securityTokens.count('all', '')).toBe(maxSecurityTokens)
  clock.advance(60_000)
  const token = await issue()
  expect(await store.read.securityTokens.list('all', '', 0, 9)).toEqual({ total: 1, records: [token] })
})

test('a token that is deleted is gone', async () => {
  const { issue, parts, store } = await world()
  const { accessKeyId } = await issue()
  expect(await deleteSecurityToken(accessKeyId, parts)).toBe(true)
  expect(await store.read.securityTokens.get(accessKeyId)).toBeUndefined()
  expect(await deleteSecurityToken(accessKeyId, parts)).toBe(false)
})
