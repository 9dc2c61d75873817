import type { PolicyDocument, SecurityToken, TokenHolder } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { errorTable, type ErrorCode } from '../errors.ts'
import { operations } from '../operations/index.ts'
import { call, errorBodyOf, send, signed } from '../testing/caller.ts'
import { dialects, type CallToSign, type Dialect } from '../testing/signed-request.ts'
import { createWorld, instanceId, keys, ownerId, type World } from '../testing/world.ts'

const text = 'CAIS+/x=~* y'
const key = { id: 'STS.one', secret: 'sts-secret' }
const v1 = dialects[0]!
const v3 = dialects.find(({ signature }) => signature === 'V3')!

const policyOf = (...actions: string[]): PolicyDocument => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
})

const role = {
  id: 'r1',
  accountId: ownerId,
  name: 'operator',
  policies: [policyOf('mq:Get*', 'mq:MqttInstanceAccess')],
}

async function tokenWorld(changed: Partial<SecurityToken> = {}): Promise<World> {
  const world = await createWorld()
  const at = world.clock.now()
  const token: SecurityToken = {
    accessKeyId: key.id,
    secret: key.secret,
    token: text,
    accountId: ownerId,
    holder: { kind: 'role', roleId: role.id },
    sessionName: 'alice',
    policy: null,
    issuedAt: at,
    expiresAt: at + 900_000,
    ...changed,
  }
  await world.store.transact((tx) => {
    tx.roles.put(role)
    tx.securityTokens.put(token)
    tx.securityTokens.put({ ...token, accessKeyId: 'STS.two', token: 'of-another' })
  })
  return world
}

const withToken = (token: string, { signature }: Dialect): Record<string, string> =>
  signature === 'V1' ? { SecurityToken: token } : { 'x-acs-security-token': token }

const ask = (world: World, dialect: Dialect, token: string, more: Partial<CallToSign> = {}) =>
  call(
    world,
    'GetRegisterCode',
    { MqttInstanceId: instanceId },
    { key, dialect, common: withToken(token, dialect), ...more },
  )

test.each(dialects)('B6: a call with a security token is done: %j', async (dialect) => {
  const world = await tokenWorld()
  expect((await ask(world, dialect, text)).status).toBe(200)
  expect(world.log.at(-1)).toMatchObject({ accessKeyId: 'STS.one', accountId: ownerId, status: 200 })
})

test.each([
  ['missing', 'MissingSecurityToken', '', {}, 'STS.one came without its token'],
  ['unknown', 'InvalidSecurityToken.Malformed', 'CAIS', {}, 'there is no security token of this text'],
  ['cut off', 'InvalidSecurityToken.Malformed', text.slice(0, -1), {}, 'there is no security token of this text'],
  ["another key's", 'InvalidSecurityToken.MismatchWithAccessKey', 'of-another', {}, 'the token is not of STS.one'],
  [
    "a lasting key's",
    'InvalidSecurityToken.MismatchWithAccessKey',
    text,
    { key: keys.owner },
    'a security token came with an AccessKey pair that is not temporary',
  ],
  [
    'of a key that is not there',
    'InvalidAccessKeyId.NotFound',
    text,
    { key: { id: 'STS.none', secret: 'x' } },
    'there is no access key of this id',
  ],
] as [string, ErrorCode, string, Partial<CallToSign>, string][])(
  'B6: a security token that is %s is refused with %s, V1 and V3',
  async (_title, code, token, more, detail) => {
    for (const dialect of [v1, v3]) {
      const world = await tokenWorld()
      const answer = await ask(world, dialect, token, token === '' ? { common: {} } : more)
      expect(answer.status).toBe(errorTable[code].status)
      expect(answer.body).toEqual(errorBodyOf(answer, code, errorTable[code].message))
      const { cause } = errorTable[code]
      expect(world.log).toMatchObject([{ code, cause, message: `GetRegisterCode was refused: ${detail}` }])
      for (const id of errorTable[code].restsOn) expect(world.assumed).toContain(id)
    }
  },
)

test('B6: a security token is good until the millisecond it expires at, by the clock', async () => {
  const world = await tokenWorld()
  world.clock.advance(899_999)
  expect((await ask(world, v3, text)).status).toBe(200)
  world.clock.advance(1)
  const answer = await ask(world, v3, text)
  expect(answer.status).toBe(403)
  expect(answer.body).toEqual(
    errorBodyOf(answer, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'),
  )
  expect(world.log.at(-1)).toMatchObject({
    cause: 'security-token-expired',
    message: 'GetRegisterCode was refused: the security token expired at 2026-01-01T12:15:00.000Z',
  })
})

test('B6: V3 takes the token from the header alone, V1 from the parameters alone', async () => {
  const world = await tokenWorld()
  const inQuery = { key, dialect: v3, parameters: { MqttInstanceId: instanceId, SecurityToken: text } }
  expect((await call(world, 'GetRegisterCode', inQuery.parameters, inQuery)).body.Code).toBe('MissingSecurityToken')
})

test('B6: a token header that is not signed is refused', async () => {
  const world = await tokenWorld()
  const request = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId }, key, dialect: v3 })
  const answer = await send(world, { ...request, headers: { ...request.headers, 'x-acs-security-token': text } })
  expect(answer.body.Code).toBe('IncompleteSignature')
})

test('B6: a wrong secret of a temporary key is a wrong signature', async () => {
  const world = await tokenWorld()
  const answer = await ask(world, v1, text, { key: { ...key, secret: 'guessed' } })
  expect(answer.body.Code).toBe('SignatureDoesNotMatch')
})

const owner: TokenHolder = { kind: 'owner' }
const user: TokenHolder = { kind: 'user', userId: 'reader' }

test.each([
  ['the owner may do everything', { holder: owner }, 'InactivateCaCertificate', 'FindCaBySnError'],
  ['a RAM user what its policies allow', { holder: user }, 'GetRegisterCode', undefined],
  ['and nothing else', { holder: user }, 'InactivateCaCertificate', 'PermissionCheckFailed'],
  ['a role what its policies allow', {}, 'GetRegisterCode', undefined],
  ['and nothing else', {}, 'InactivateCaCertificate', 'PermissionCheckFailed'],
  ['a session policy narrows a role', { policy: policyOf('mq:List*') }, 'GetRegisterCode', 'PermissionCheckFailed'],
  ['leaves what both allow', { policy: policyOf('mq:*') }, 'GetRegisterCode', undefined],
  ['gives nothing', { policy: policyOf('*') }, 'InactivateCaCertificate', 'PermissionCheckFailed'],
  [
    'narrows the owner',
    { holder: owner, policy: policyOf('mq:Get*') },
    'InactivateCaCertificate',
    'PermissionCheckFailed',
  ],
] as [string, Partial<SecurityToken>, string, string | undefined][])(
  'B6: by a token, %s (%j: %s)',
  async (_title, changed, action, code) => {
    const world = await tokenWorld(changed)
    const parameters = { MqttInstanceId: instanceId, Sn: '0a' }
    const answer = await call(world, action, parameters, { key, common: { SecurityToken: text } })
    expect(answer.body.Code).toBe(code)
    expect(world.assumed.includes('A-49')).toBe(changed.holder === owner)
  },
)

test('B6: the session policy that does not allow is named with the session', async () => {
  const world = await tokenWorld({ policy: policyOf('mq:List*') })
  await ask(world, v1, text)
  expect(world.log[0]).toMatchObject({
    cause: 'permission-denied',
    message:
      'GetRegisterCode was refused: no session policy allows role operator (session alice) the action ' +
      `mq:GetRegisterCode on acs:mq:cn-hangzhou:${ownerId}:${instanceId}`,
  })
})

test.each([
  ['role', { kind: 'role', roleId: 'gone' }, ownerId, 'role gone'],
  ['user', { kind: 'user', userId: 'gone' }, ownerId, 'RAM user gone'],
  ['account', { kind: 'owner' }, '1999999999999999', 'account 1999999999999999'],
] as [string, TokenHolder, string, string][])(
  'B6: a token whose %s is gone has no permission, in the words of the page',
  async (_title, holder, accountId, who) => {
    for (const { action, errors, instanceParameter } of operations) {
      if (instanceParameter && accountId !== ownerId) continue // refused before: the instance is another's
      const world = await tokenWorld({ holder, accountId })
      const parameters = {
        MqttInstanceId: instanceId,
        InstanceId: instanceId,
        ClientId: 'GID_a@@@b',
        Sn: '0a',
        CaSn: '0a',
      }
      const others = {
        DeviceSn: '0a',
        PageNo: '1',
        PageSize: '1',
        CaName: 'n',
        CaContent: 'c',
        VerificationContent: 'v',
      }
      const all = { ...parameters, ...others, 'ClientIdList.1': 'GID_a@@@b' }
      const answer = await call(world, action, all, { key, common: { SecurityToken: text } })
      const code = errors.includes('CheckAccountInfoFailed') ? 'CheckAccountInfoFailed' : 'PermissionCheckFailed'
      expect(answer.body.Code).toBe(code)
      const detail = `${who}, whose security token it is, is gone`
      expect(world.log[0]).toMatchObject({ cause: 'token-holder-gone', message: `${action} was refused: ${detail}` })
      expect(world.assumed).toContain('A-47')
    }
  },
)

test('with auth off a temporary key stands for its holder, until it expires', async () => {
  const world = await createWorld({ auth: 'off' })
  await world.store.transact((tx) => {
    tx.roles.put(role)
    const holder: TokenHolder = { kind: 'role', roleId: role.id }
    const times = { issuedAt: 0, expiresAt: world.clock.now() + 1000 }
    const names = { accessKeyId: key.id, secret: key.secret, token: text, accountId: ownerId, sessionName: 'alice' }
    tx.securityTokens.put({ ...names, ...times, holder, policy: null })
  })
  const code = async () =>
    (await call(world, 'InactivateCaCertificate', { MqttInstanceId: instanceId, Sn: '0a' }, { key })).body.Code
  expect(await code()).toBe('PermissionCheckFailed')
  world.clock.advance(1000)
  expect(await code()).toBe('FindCaBySnError')
})

test('neither token nor secret stands in the log', async () => {
  const world = await tokenWorld()
  for (const dialect of [v1, v3]) {
    await ask(world, dialect, text)
    await ask(world, dialect, 'of-another')
    await ask(world, dialect, text, { key: { ...key, secret: 'guessed' } })
  }
  expect(JSON.stringify(world.log)).not.toMatch(/CAIS|of-another|sts-secret/)
})
