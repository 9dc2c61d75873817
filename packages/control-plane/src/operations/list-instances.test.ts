import { expect, test } from 'vitest'
import { call, errorBodyOf } from '../testing/caller.ts'
import { createWorld, instanceId, keys, ownerId, professionalId, secondId, type World } from '../testing/world.ts'

const list = async (world: World, parameters: Record<string, string> = {}, key = keys.owner) =>
  (await call(world, 'ListInstances', parameters, { key })).body

const idsOf = (body: Record<string, unknown>) =>
  (body.Instances as { InstanceId: string }[]).map((one) => one.InstanceId)

const shown = (id: string, more = {}) => ({
  InstanceId: id,
  InstanceName: id,
  InstanceStatus: 5,
  InstanceType: 4,
  RegionId: 'cn-hangzhou',
  CreateTime: 0,
  KernelVersion: 'V3.3.0',
  MqttTags: [],
  ...more,
})

test('the instances of the account in the region of the endpoint are listed, as the documented example has them', async () => {
  const world = await createWorld()
  expect(await list(world)).toEqual({
    RequestId: expect.any(String),
    Code: '200',
    Message: 'operation success.',
    Success: 'true',
    Instances: [shown(instanceId), shown(professionalId, { Specific: 'mqtt.p2.1xlarge' }), shown(secondId)],
  })
  expect(world.assumed).toEqual(['A-43', 'A-42'])
  expect(idsOf(await list(world, {}, keys.other as never))).toEqual([])
})

async function tagged(): Promise<World> {
  const world = await createWorld()
  const tags = [
    { key: 'stage', value: 'test' },
    { key: 'team', value: 'pumps' },
  ]
  await world.store.transact(async (tx) => {
    tx.instances.put({ ...(await tx.instances.get(instanceId))!, tags })
    tx.instances.put({ ...(await tx.instances.get(secondId))!, tags: tags.slice(0, 1) })
  })
  return world
}

test.each([
  ['', [instanceId, professionalId, secondId]],
  ['[]', [instanceId, professionalId, secondId]],
  ['[{"key":"stage","value":"test"}]', [instanceId, secondId]],
  ['[{"key":"stage","value":"test"},{"key":"team","value":"pumps"}]', [instanceId]],
  ['[{"key":"stage","value":"TEST"}]', []],
])('LIMITS A-42: Tags %s keeps the instances that have every tag', async (Tags, ids) => {
  expect(idsOf(await list(await tagged(), { Tags }))).toEqual(ids)
})

test('the tags of an instance are shown', async () => {
  const { Instances } = await list(await tagged(), { Tags: '[{"key":"team","value":"pumps"}]' })
  expect(Instances).toMatchObject([
    {
      MqttTags: [
        { TagKey: 'stage', TagValue: 'test' },
        { TagKey: 'team', TagValue: 'pumps' },
      ],
    },
  ])
})

test.each([
  ['{', /Tags is not JSON: /],
  ['{"key":"a","value":"b"}', /Tags is not a list/],
  ['null', /Tags is not a list/],
  ['[null]', /Tags is not a list/],
  ['[{"key":"a"}]', /Tags is not a list/],
  ['[{"key":"a","value":1}]', /Tags is not a list/],
  ['x'.repeat(16_385), /Tags must NOT have more than 16384 characters/],
])('Tags that are not a list of keys and values are InvalidParameter.Tags: case %#', async (Tags, detail) => {
  const world = await createWorld()
  const dialect = { signature: 'V3', method: 'POST', placement: 'form' } as const
  const answer = await call(world, 'ListInstances', { Tags }, { dialect })
  const message = 'An error occurred while validating the parameter. The parameter may be missing or invalid.'
  expect(answer.status).toBe(400)
  expect(answer.body).toEqual(errorBodyOf(answer, 'InvalidParameter.Tags', message))
  expect(world.log.at(-1)).toMatchObject({ cause: 'parameter-invalid', message: expect.stringMatching(detail) })
})

test('an account that has an instance of another region sees it at the endpoint of that region only', async () => {
  const world = await createWorld({ regionId: 'cn-beijing' })
  const [instance] = (await list(world)).Instances as object[]
  expect(instance).toMatchObject({ InstanceId: 'post-cn-test003', RegionId: 'cn-beijing' })
  expect((await world.store.read.instances.list('byAccount', ownerId, 0, 10)).total).toBe(4)
})
