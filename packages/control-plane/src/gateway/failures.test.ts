import { createMemoryStore, StoreUnavailableError, type Store } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { call, errorBodyOf } from '../testing/caller.ts'
import { createWorld, instanceId } from '../testing/world.ts'

/** A store that fails each transaction with an error, once the world is set up. */
function failing(error: Error): Store {
  async function transact(): Promise<never> {
    throw error
  }
  return Object.assign(createMemoryStore(), { transact })
}

const message = 'An error occurred while processing your request. Try again later.'

test('a change that could not be made durable is never answered as done', async () => {
  const world = await createWorld({}, failing(new StoreUnavailableError('ENOSPC: no space left on device')))
  const answer = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId })
  expect(answer.status).toBe(417)
  expect(answer.body).toEqual(errorBodyOf(answer, 'InternalError', message))
  expect(world.log).toEqual([
    expect.objectContaining({
      cause: 'store-failed',
      code: 'InternalError',
      message: 'GetRegisterCode was refused: ENOSPC: no space left on device',
    }),
  ])
})

test('a bug is answered as InternalError and logged whole, and the next call is served', async () => {
  const world = await createWorld({}, failing(new TypeError('x is not a function')))
  const answer = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId })
  expect(answer.status).toBe(417)
  expect(answer.body).toEqual(errorBodyOf(answer, 'InternalError', message))
  expect(world.log[0]).toMatchObject({
    cause: 'internal-error',
    message: expect.stringMatching(/TypeError: x is not a function\n {4}at .*failures\.test\.ts/),
  })
  const next = await call(world, 'ListCaCertificate', { MqttInstanceId: instanceId, PageNo: '1', PageSize: '1' })
  expect(next.status).toBe(200)
})

test('no secret, signature or token stands in the log', async () => {
  const world = await createWorld()
  await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId, DeviceSn: 'x'.repeat(100_000) })
  await call(world, 'GetRegisterCode', {}, { common: { SecurityToken: 'token-123' } })
  await call(world, 'GetRegisterCode', {}, { key: { id: 'OWNER', secret: 'wrong-secret' } })
  const text = JSON.stringify(world.log)
  expect(text).not.toMatch(/secret-|owner-secret|token-123|Signature=|StringToSign/)
  expect(text.length).toBeLessThan(2000)
})
