import { expect, test } from 'vitest'
import { call } from '../testing/caller.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

const asked: Record<string, Record<string, string>> = {
  BatchQuerySessionByClientIds: { InstanceId: instanceId, 'ClientIdList.1': 'GID_demo@@@one' },
  QuerySessionByClientId: { InstanceId: instanceId, ClientId: 'GID_demo@@@one' },
  CloseConnection: { InstanceId: instanceId, ClientId: 'GID_demo@@@one' },
  ListInstances: {},
}

/** How many of so many calls at one moment are done. */
async function admittedOf(world: World, action: string, calls: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: calls }, () => call(world, action, asked[action]!)))
  const refused = answers.filter(({ body }) => body.Code === 'Throttling.User')
  expect(answers.every(({ status, body }) => status === 200 || body.Code === 'Throttling.User')).toBe(true)
  return answers.length - refused.length
}

test.each([
  ['BatchQuerySessionByClientIds', 100, []],
  ['QuerySessionByClientId', 500, []],
  ['CloseConnection', 500, ['A-36']],
  ['ListInstances', 500, ['A-36']],
] as const)('D1: %s has a quota of %d calls a second', async (action, quota, rests) => {
  const world = await createWorld()
  expect(await admittedOf(world, action, quota + 1)).toBe(quota)
  expect(world.assumed.filter((id) => id === 'A-36')).toEqual(rests)
  expect(world.log.find(({ cause }) => cause === 'throttled')?.message).toContain(`made ${quota} calls within a second`)
})

test('D7: the limit is set for the operations documented at 500, and for one by its name', async () => {
  const world = await createWorld({ limitPerSecond: 2 })
  expect(await admittedOf(world, 'QuerySessionByClientId', 3)).toBe(2)
  expect(await admittedOf(world, 'BatchQuerySessionByClientIds', 101)).toBe(100)
  world.clock.advance(1000)
  await world.plane.setLimit({ perSecond: 3 })
  await world.plane.setLimit({ perSecond: 1, action: 'BatchQuerySessionByClientIds' })
  expect(await admittedOf(world, 'QuerySessionByClientId', 4)).toBe(3)
  expect(await admittedOf(world, 'BatchQuerySessionByClientIds', 3)).toBe(1)
})

test('D7: a limit for an operation that is not served is refused, and nothing changes', async () => {
  const world = await createWorld({ limitPerSecond: 1 })
  for (const action of ['ApplyToken', 'Nothing', '']) {
    await expect(world.plane.setLimit({ perSecond: 2, action })).rejects.toThrow(
      new RangeError(`the limit is of an operation that is served; ${action} is none`),
    )
  }
  expect(await admittedOf(world, 'QuerySessionByClientId', 2)).toBe(1)
})
