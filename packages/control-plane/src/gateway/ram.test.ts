import type { PolicyStatement } from '@apsaramq/model'
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
