import type { AttachedPolicy, PolicyStatement, UserGroup } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { operations } from '../operations/index.ts'
import { call } from '../testing/caller.ts'
import { createWorld, instanceId, keys, reader, secondId, type World } from '../testing/world.ts'

async function asReader(
  world: World,
  action: string,
  statements: PolicyStatement[],
  id = instanceId,
): Promise<unknown> {
  const policies = [{ Version: '1' as const, Statement: statements }]
  await world.store.transact((tx) => tx.users.put({ ...reader, policies }))
  const parameters = {
    MqttInstanceId: id,
    InstanceId: id,
    ClientId: 'GID_a@@@b',
    'ClientIdList.1': 'GID_a@@@b',
    Sn: '0b',
    CaSn: '0b',
    DeviceSn: '0a',
    PageNo: '1',
    PageSize: '1',
    CaName: 'n',
    CaContent: 'c',
    VerificationContent: 'v',
  }
  return (await call(world, action, parameters, { key: keys.reader })).body.Code
}

const allow = (...actions: string[]): PolicyStatement => ({ Effect: 'Allow', Action: actions, Resource: '*' })
const refusals = ['PermissionCheckFailed', 'InstancePermissionCheckFailed']

test.each(operations.map(({ action, ram }) => ({ action, ram })))(
  'B6: a RAM user may call $action with exactly the actions its page names',
  async ({ action, ram }) => {
    const world = await createWorld()
    expect(await asReader(world, action, [allow(ram.action, ...ram.dependsOn)])).not.toBeOneOf(refusals)
    expect(await asReader(world, action, [allow(...ram.dependsOn, `mq:Not${action}`)])).toBe('PermissionCheckFailed')
    for (const dependency of ram.dependsOn) {
      const others = [ram.action, ...ram.dependsOn].filter((name) => name !== dependency)
      expect(await asReader(world, action, [allow(...others)])).toBe(ram.dependencyError ?? 'PermissionCheckFailed')
    }
  },
)

test.each([
  ['an action in another case', [allow('MQ:getregistercode', 'mq:MqttInstanceAccess')], undefined, true],
  [
    'a Deny of an action in another case',
    [allow('*'), { ...allow('MQ:*'), Effect: 'Deny' }],
    'PermissionCheckFailed',
    true,
  ],
  ['a resource in another case', [{ ...allow('*'), Resource: 'ACS:mq:*' }], 'PermissionCheckFailed', true],
  ['another action', [allow('mq:Nothing')], 'PermissionCheckFailed', false],
  [
    'the very action, and others in another case',
    [allow('mq:GetRegisterCode', 'mq:MqttInstanceAccess', 'MQ:GET*')],
    undefined,
    false,
  ],
  ['everything', [allow('*')], undefined, false],
] as [string, PolicyStatement[], string | undefined, boolean][])(
  'B6: a policy that names %s rests on what is assumed of letter case only where that decides',
  async (_title, statements, code, rests) => {
    const world = await createWorld()
    expect(await asReader(world, 'GetRegisterCode', statements)).toBe(code)
    expect(world.assumed.includes('A-32')).toBe(rests)
  },
)

test('B6: a Deny on one instance leaves the others, in both spellings of the resource', async () => {
  const world = await createWorld()
  for (const spelling of [instanceId, `instance/${instanceId}`]) {
    const deny: PolicyStatement = { Effect: 'Deny', Action: '*', Resource: `acs:mq:*:*:${spelling}` }
    expect(await asReader(world, 'GetRegisterCode', [allow('*'), deny])).toBe('PermissionCheckFailed')
    expect(await asReader(world, 'GetRegisterCode', [allow('*'), deny], secondId)).toBeUndefined()
  }
  expect(world.log[0]).toMatchObject({
    cause: 'permission-denied',
    message:
      'GetRegisterCode was refused: a policy denies RAM user reader the action mq:GetRegisterCode ' +
      'on acs:mq:cn-hangzhou:1000000000000001:post-cn-test001: statement 2 of policy 1 of RAM user reader',
  })
})

async function grouped(own: AttachedPolicy[], ...policies: AttachedPolicy[][]): Promise<World> {
  const world = await createWorld()
  const groups: UserGroup[] = policies.map((of, at) => ({
    id: `g${at}`,
    accountId: reader.accountId,
    name: `group-${at}`,
    policies: of,
  }))
  await world.store.transact((tx) => {
    tx.users.put({ ...reader, policies: own, groupIds: [...groups.map(({ id }) => id), 'deleted'] })
    for (const group of groups) tx.userGroups.put(group)
  })
  return world
}

const document = (...Statement: PolicyStatement[]): AttachedPolicy => ({ Version: '1', Statement })
const needed = document(allow('mq:GetRegisterCode', 'mq:MqttInstanceAccess'))
const denying = document(allow('*'), { Effect: 'Deny', Action: 'mq:GetRegister*', Resource: '*' })

test.each([
  ['what a group allows is allowed', [], [[needed]], undefined],
  [
    'what a user and a group allow together',
    [document(allow('mq:GetRegisterCode'))],
    [['AliyunMQFullAccess']],
    undefined,
  ],
  ['a group that denies wins over the user', [needed], [[denying]], 'statement 2 of policy 1 of group group-0'],
  ['a user that denies wins over the group', [denying], [[needed]], 'statement 2 of policy 1 of RAM user reader'],
  ['a group denies what another allows', [], [[needed], [needed, denying]], 'statement 2 of policy 2 of group group-1'],
] as [string, AttachedPolicy[], AttachedPolicy[][], string | undefined][])(
  'B6: %s',
  async (_title, own, policies, by) => {
    const world = await grouped(own, ...policies)
    const answer = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId }, { key: keys.reader })
    expect(answer.body.Code).toBe(by && 'PermissionCheckFailed')
    if (by) expect(world.log[0]?.message).toContain(`: ${by}`)
  },
)

test.each([
  ['AliyunMQFullAccess', undefined, undefined],
  ['AliyunMQReadOnlyAccess', 'PermissionCheckFailed', 'mq:MqttInstanceAccess'],
  ['AliyunMQPubOnlyAccess', 'PermissionCheckFailed', 'mq:GetRegisterCode'],
  ['AliyunMQSubOnlyAccess', 'PermissionCheckFailed', 'mq:GetRegisterCode'],
] as const)('B6: %s, as its page has it, answers %s', async (name, code, missing) => {
  const world = await grouped([name])
  const answer = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId }, { key: keys.reader })
  expect(answer.body.Code).toBe(code)
  if (missing) expect(world.log[0]?.message).toContain(`no policy allows RAM user reader the action ${missing} on`)
  expect(world.assumed.includes('A-48')).toBe(name === 'AliyunMQSubOnlyAccess')
})

test('B6: a condition that does not hold is named with what the call has there', async () => {
  const world = await grouped([
    document({ ...allow('*'), Condition: { Bool: { 'acs:SecureTransport': 'true', 'acs:MFAPresent': 'false' } } }),
  ])
  const answer = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId }, { key: keys.reader })
  expect(answer.body.Code).toBe('PermissionCheckFailed')
  expect(world.log[0]?.message).toBe(
    'GetRegisterCode was refused: no policy allows RAM user reader the action mq:GetRegisterCode ' +
      `on acs:mq:cn-hangzhou:${reader.accountId}:${instanceId}: statement 1 of policy 1 of RAM user reader would, ` +
      'but its condition Bool acs:SecureTransport does not hold for false',
  )
  expect(world.assumed).toContain('A-51')
})

test.each([
  ['*', '200'],
  ['acs:mq:*:*:*', '200'],
  [`acs:mq:cn-hangzhou:${reader.accountId}:instance/*`, '200'],
  [`acs:mq:*:*:${instanceId}`, 'PermissionCheckFailed'],
  ['acs:mq:cn-beijing:*:*', 'PermissionCheckFailed'],
])('B6: ListInstances asks for all instances: a policy on %s answers %s', async (Resource, code) => {
  const world = await grouped([document({ ...allow('mq:*'), Resource })])
  expect((await call(world, 'ListInstances', {}, { key: keys.reader })).body.Code).toBe(code)
  expect(world.assumed).toContain('A-52')
})
