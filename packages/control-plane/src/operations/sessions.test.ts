import type { SessionChange } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { call, errorBodyOf } from '../testing/caller.ts'
import { connect } from '../testing/sessions.ts'
import { dialects } from '../testing/signed-request.ts'
import { createWorld, instanceId, keys, professionalId, secondId, type World } from '../testing/world.ts'

const InstanceId = instanceId
const one = 'GID_demo@@@one'
const two = 'GID_demo@@@two'
const RequestId: unknown = expect.any(String)

const query = async (world: World, ClientId: string, more: Record<string, string> = {}) =>
  (await call(world, 'QuerySessionByClientId', { InstanceId, ClientId, ...more })).body

test.each(dialects)('B3: a session is asked for with $signature, $method, $placement', async (dialect) => {
  const world = await createWorld()
  connect(world, one)
  const answer = await call(world, 'QuerySessionByClientId', { InstanceId, ClientId: one }, { dialect })
  expect([answer.status, answer.body]).toEqual([200, { RequestId, OnlineStatus: true }])
})

test('a client is online in its instance only, and while its session is there', async () => {
  const world = await createWorld()
  const { id } = connect(world, one)
  expect(await query(world, one)).toEqual({ RequestId, OnlineStatus: true })
  expect(await query(world, two)).toEqual({ RequestId, OnlineStatus: false })
  expect(await query(world, one, { InstanceId: secondId })).toEqual({ RequestId, OnlineStatus: false })
  world.store.sessions.delete(id)
  expect(await query(world, one)).toEqual({ RequestId, OnlineStatus: false })
  expect(world.assumed).toEqual([])
})

test('LIMITS A-41: a client id that is none of the service is offline, and that is told', async () => {
  const world = await createWorld()
  expect(await query(world, 'no group at all')).toEqual({ RequestId, OnlineStatus: false })
  expect(world.assumed).toEqual(['A-41'])
})

const statusOf = async (world: World, list: Record<string, string>) => {
  const numbered = Object.fromEntries(Object.entries(list).map(([number, id]) => [`ClientIdList.${number}`, id]))
  return (await call(world, 'BatchQuerySessionByClientIds', { InstanceId, ...numbered })).body
}

test('ten clients are answered in the order of their numbers', async () => {
  const world = await createWorld()
  connect(world, 'GID_demo@@@2')
  connect(world, 'GID_demo@@@10')
  const ids = Array.from({ length: 10 }, (_, at) => [String(at + 1), `GID_demo@@@${at + 1}`])
  expect(await statusOf(world, Object.fromEntries(ids.toReversed()) as Record<string, string>)).toEqual({
    RequestId,
    OnlineStatusList: ids.map(([number, ClientId]) => ({
      ClientId,
      OnlineStatus: number === '2' || number === '10',
    })),
  })
  expect(world.assumed).toEqual([])
})

test('LIMITS A-40: gaps are skipped, and who is asked twice is answered twice', async () => {
  const world = await createWorld()
  connect(world, one)
  expect(await statusOf(world, { 9: one, 3: two, 7: one })).toEqual({
    RequestId,
    OnlineStatusList: [
      { ClientId: two, OnlineStatus: false },
      { ClientId: one, OnlineStatus: true },
      { ClientId: one, OnlineStatus: true },
    ],
  })
  expect(world.assumed).toEqual(['A-40'])
  await statusOf(world, { 1: one, 2: one })
  expect(world.assumed).toEqual(['A-40', 'A-40'])
})

const missing = 'An error occurred while validating the parameters. The parameters may be missing or invalid.'
const invalid = 'An error occurred while validating the parameter. The parameter may be missing or invalid.'

test.each([
  [{}, 'ParameterCheckFailed', missing],
  [{ 1: '' }, 'ParameterCheckFailed', missing],
  [{ 1: one, 2: '' }, 'ParameterCheckFailed', missing],
  [{ 11: one }, 'ParameterCheckFailed', missing],
  [{ 1: one, 11: two }, 'InvalidParameter.ClientIdList', invalid],
  [{ 0: one, 1: one }, 'InvalidParameter.ClientIdList', invalid],
  [{ 1: one, '01': one }, 'InvalidParameter.ClientIdList', invalid],
  [{ 1: one, '2.ClientId': one }, 'InvalidParameter.ClientIdList', invalid],
  [{ 1: one, __proto__x: one }, 'InvalidParameter.ClientIdList', invalid],
  [{ 1: 'x'.repeat(65) }, 'InvalidParameter.ClientIdList', invalid],
])('LIMITS A-40: the list %j is refused: %s', async (list, code, message) => {
  const world = await createWorld()
  const answer = { status: 400, headers: {}, body: await statusOf(world, list as Record<string, string>) }
  expect(answer.body).toEqual(errorBodyOf(answer, code, message))
  expect(world.log.at(-1)).toMatchObject({ status: 400, code })
  expect(world.assumed).toContain('A-37')
})

test('C6: a connection is closed by its client id: the session goes, and the feed says by which call', async () => {
  const world = await createWorld()
  const session = connect(world, one)
  const other = connect(world, two)
  const changes: SessionChange[] = []
  world.store.sessions.subscribe((change) => void changes.push(change))
  const answer = await call(world, 'CloseConnection', { InstanceId, ClientId: one })
  expect([answer.status, answer.body]).toEqual([
    200,
    { RequestId, Code: 200, Message: 'operation success.', Success: true },
  ])
  const by = { at: world.clock.now(), accessKeyId: keys.owner.id, requestId: answer.body.RequestId }
  expect(changes).toEqual([{ before: session, after: undefined, reason: 'CloseConnection', by }])
  expect(world.store.sessions.list('all')).toEqual([other])
  expect(world.assumed).toEqual(['A-43'])
})

test('LIMITS A-39: to close the connection of a client that is offline is a success', async () => {
  const world = await createWorld()
  connect(world, one, secondId)
  const answer = await call(world, 'CloseConnection', { InstanceId, ClientId: one })
  expect(answer.body).toEqual({ RequestId, Code: 200, Message: 'operation success.', Success: true })
  expect(world.store.sessions.count()).toBe(1)
  expect(world.assumed).toEqual(['A-43', 'A-39'])
})

test.each([
  ['professional', 'cn-shanghai', 200],
  ['platinum', 'cn-shanghai', 404],
  ['professional', 'cn-hangzhou', 404],
] as const)('LIMITS A-44: the beta of CloseConnection on %s in %s is %d', async (edition, regionId, status) => {
  const world = await createWorld({ closeConnection: 'beta', regionId })
  const [instance] = (await world.store.read.instances.list('all', '', 0, 1)).records
  await world.store.transact((tx) => tx.instances.put({ ...instance!, edition, regionId }))
  const answer = await call(world, 'CloseConnection', { InstanceId, ClientId: one })
  expect(answer.status).toBe(status)
  if (status === 200) return
  expect(answer.body).toEqual(errorBodyOf(answer, 'ApiNotSupport', 'The specified API is not supported.', regionId))
  expect(world.assumed).toContain('A-44')
  expect((await call(world, 'QuerySessionByClientId', { InstanceId, ClientId: one })).status).toBe(200)
})

test('the session operations serve an instance of any edition', async () => {
  const world = await createWorld()
  connect(world, one, professionalId)
  expect(await query(world, one, { InstanceId: professionalId })).toEqual({ RequestId, OnlineStatus: true })
})
