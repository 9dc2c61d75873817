import { expect, test } from 'vitest'
import { send } from '../testing/caller.ts'
import { createWorld, instanceId, keys, ownerId } from '../testing/world.ts'

const unsigned = (query: string, headers: Record<string, string> = {}) =>
  ({ method: 'GET', url: `/?Version=2020-04-20&${query}`, headers, payload: '' }) as const

test('B5: auth off is said loudly, and a call without a signature acts as the owner of the instance', async () => {
  const world = await createWorld({ auth: 'off' })
  expect(world.log).toEqual([
    {
      plane: 'api',
      kind: 'warn',
      message: 'auth is off: ANYONE who reaches the API may call it; signatures, times and nonces are not checked',
    },
  ])
  const answer = await send(world, unsigned(`Action=GetRegisterCode&MqttInstanceId=${instanceId}`))
  expect(answer.status).toBe(200)
  expect(world.log[1]).toMatchObject({ accountId: ownerId, message: 'GetRegisterCode was done' })
})

test('B5: with auth off a known key stands for its holder, whom RAM and ownership still bind', async () => {
  const world = await createWorld({ auth: 'off' })
  const code = async (key: { id: string }, action: string) =>
    (await send(world, unsigned(`Action=${action}&MqttInstanceId=${instanceId}&AccessKeyId=${key.id}&Sn=0b`))).body.Code
  expect(await code(keys.reader, 'DeleteCaCertificate')).toBe('PermissionCheckFailed')
  expect(await code(keys.other, 'DeleteCaCertificate')).toBe('MqttOwnerCheckError')
  expect(await code(keys.owner, 'DeleteCaCertificate')).toBe('FindCaBySnError')
  expect(await code({ id: 'nobody' }, 'DeleteCaCertificate')).toBe('FindCaBySnError')
})

test('B5: with auth off the action may come in the header, and parameters are checked as ever', async () => {
  const world = await createWorld({ auth: 'off' })
  const headers = { 'x-acs-action': 'GetRegisterCode', 'x-acs-version': '2020-04-20' }
  expect((await send(world, unsigned(`MqttInstanceId=${instanceId}`, headers))).status).toBe(200)
  expect((await send(world, unsigned('MqttInstanceId=', headers))).body.Code).toBe('ParameterFieldCheckFailed')
  expect((await send(world, unsigned('MqttInstanceId=none', headers))).body.Code).toBe('MqttInstanceNotFound')
})
