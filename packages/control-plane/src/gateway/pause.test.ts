import { createMemoryStore, type Store } from '@apsaramq/store'
import { afterEach, expect, test } from 'vitest'
import { call, signed } from '../testing/caller.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const { app } of worlds.splice(0)) await app.close()
})

/** A world whose transactions wait until they are let through. */
async function heldWorld() {
  const store = createMemoryStore()
  const waiting: (() => void)[] = []
  const arrivals: (() => void)[] = []
  const held: Store = Object.assign(Object.create(store) as Store, {
    read: store.read,
    sessions: store.sessions,
    reset: store.reset.bind(store),
    subscribe: store.subscribe.bind(store),
    onReset: store.onReset.bind(store),
    async transact<T>(work: Parameters<Store['transact']>[0]): Promise<T> {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        arrivals.shift()?.()
      })
      return (await store.transact(work)) as T // the caller's own type
    },
  })
  const world = await createWorld({}, held)
  worlds.push(world)
  return {
    world,
    store,
    /** Resolves when the next transaction has come. */
    arrived: () => new Promise<void>((resolve) => arrivals.push(resolve)),
    release: () => waiting.shift()!(),
  }
}

const code = { MqttInstanceId: instanceId }

test('G4: a pause begins when the calls under way are answered; those that come wait and are done after it', async () => {
  const { world, store, arrived, release } = await heldWorld()
  const steps: string[] = []
  const arriving = arrived()
  const first = call(world, 'GetRegisterCode', code).then(({ status }) => steps.push(`first ${status}`))
  await arriving
  const paused = world.plane.pause().then(() => steps.push('paused'))
  const second = call(world, 'GetRegisterCode', code).then(({ status }) => steps.push(`second ${status}`))
  expect(steps).toEqual([])
  release()
  await Promise.all([first, paused])
  expect(steps.toSorted()).toEqual(['first 200', 'paused'])
  expect(await store.read.registerCodes.count('byInstance', instanceId)).toBe(1)

  const arrivingAgain = arrived()
  world.plane.resume()
  await arrivingAgain
  release()
  await second
  expect(steps.at(-1)).toBe('second 200')
})

test('G4: a call that waited sees what the reset has left, and is refused by it', async () => {
  const { world, store } = await heldWorld()
  await world.plane.pause()
  const answer = call(world, 'GetRegisterCode', code)
  await store.reset({})
  world.plane.resume()
  expect((await answer).body).toMatchObject({ Code: 'InvalidAccessKeyId.NotFound' })
})

test('G4: neither a refused call nor one whose client has gone holds up a pause for good', async () => {
  const { world, arrived, release } = await heldWorld()
  await world.app.inject({ method: 'GET', url: '/nowhere' })
  await world.app.inject({ method: 'PUT', url: '/' })
  await world.app.inject({ method: 'GET', url: '/?Action=Nothing' })
  await world.plane.pause()
  world.plane.resume()

  const origin = await world.app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const arriving = arrived()
  const dialect = { signature: 'V1', method: 'GET', placement: 'query' } as const
  const { url } = signed(world, 'GetRegisterCode', { parameters: code, dialect })
  const lost = fetch(new URL(url, origin), { signal: leaving.signal }).catch(() => 'gone')
  await arriving
  const paused = world.plane.pause()
  leaving.abort()
  expect(await lost).toBe('gone')
  release()
  await paused
})
