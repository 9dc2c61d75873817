import type { AccessKey, Account, Instance } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { send, signed } from '../testing/caller.ts'
import { createWorld, instanceId, regionId } from '../testing/world.ts'

const count = 10_000

function manyAccounts() {
  const accounts: Account[] = []
  const accessKeys: AccessKey[] = []
  const instances: Instance[] = []
  for (let number = 0; number < count; number += 1) {
    const id = String(2_000_000_000_000_000 + number)
    accounts.push({ id, name: id })
    accessKeys.push({ id: `AK${number}`, secret: `secret-${number}`, accountId: id, userId: null, status: 'active' })
    const common = { regionId, edition: 'platinum', tls: 'mutual', createdAt: 0 } as const
    instances.push({ id: `post-cn-${number}`, name: '', accountId: id, ...common })
  }
  return { accounts, accessKeys, instances }
}

const page = { PageNo: '1', PageSize: '1' }

test('ten thousand accounts call, each has its own limit, and what is held of them is gone when their second is', async () => {
  const store = createMemoryStore()
  const world = await createWorld({ limitPerSecond: 1 }, store)
  await store.reset(manyAccounts())
  const callOf = (number: number, action = 'ListCaCertificate') =>
    send(
      world,
      signed(world, action, {
        parameters: { MqttInstanceId: `post-cn-${number}`, ...page },
        key: { id: `AK${number}`, secret: `secret-${number}` },
      }),
    )
  for (let number = 0; number < count; number += 1)
    expect([number, (await callOf(number)).status]).toEqual([number, 200])
  expect((await callOf(count - 1)).body['Code']).toBe('Throttling.User')
  expect(world.plane.figures()).toEqual({ nonces: count + 1, throttleWindows: count + 1 }) // and that of the address they share

  world.clock.advance(20 * 60_000) // past the second of every window, and the time of every nonce
  for (let number = 0; number < count; number += 1) {
    if (number % 1_000 === 0) world.clock.advance(1_001) // a thousand callers in each second
    await callOf(number, 'GetRegisterCode')
  }
  const { nonces, throttleWindows } = world.plane.figures()
  expect(nonces).toBe(count)
  expect(throttleWindows).toBeLessThanOrEqual(3_000) // those of the last second, and what the sweep has not come to yet
}, 120_000)

test('of a hundred calls with one nonce that come at once one is done', async () => {
  const world = await createWorld()
  const request = signed(world, 'ListCaCertificate', { parameters: { MqttInstanceId: instanceId, ...page } })
  const answers = await Promise.all(Array.from({ length: 100 }, () => send(world, request)))
  const outcomes = answers.map(({ status, body }) => (status === 200 ? 'done' : body['Code']))
  expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'SignatureNonceUsed')).toHaveLength(99)
})
