import { manualClock, systemRandom, type LogEntryInput } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import { fastify } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { securityTokenRoutes } from './security-tokens.ts'

async function management() {
  const store = createMemoryStore()
  await store.reset({ accounts: [{ id: '1', name: 'one' }] })
  const clock = manualClock(Date.UTC(2026, 0, 1))
  const log: LogEntryInput[] = []
  const app = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } })
  onTestFinished(() => app.close())
  const parts = { store, clock, random: systemRandom, defaultInstance: () => '' }
  securityTokenRoutes(app, () => parts, { write: (entry) => void log.push(entry) })
  const post = (payload: object) => app.inject({ method: 'POST', url: '/security-tokens', payload })
  return { app, store, log, post }
}

test('B6: POST /security-tokens answers what an SDK is given, and logs neither secret nor token', async () => {
  const { post, store, log } = await management()
  const answer = await post({ accountId: '1', sessionName: 'alice@x', durationSeconds: 900 })
  const { records } = await store.read.securityTokens.list('all', '', 0, 1)
  const { accessKeyId, secret, token } = records[0]!
  expect([answer.statusCode, answer.json()]).toEqual([
    200,
    {
      accessKeyId,
      accessKeySecret: secret,
      securityToken: token,
      expiration: '2026-01-01T00:15:00.000Z',
      accountId: '1',
      sessionName: 'alice@x',
    },
  ])
  const message = `security token ${accessKeyId} was issued for session alice@x, until 2026-01-01T00:15:00.000Z`
  expect(log).toEqual([{ plane: 'management', kind: 'lifecycle', accessKeyId, message }])
})

test.each([
  [{ durationSeconds: 0 }, 'body/durationSeconds must be >= 1'],
  [{ durationSeconds: 43_201 }, 'body/durationSeconds must be <= 43200'],
  [{ durationSeconds: 1.5 }, 'body/durationSeconds must be integer'],
  [{ durationSeconds: '900' }, 'body/durationSeconds must be integer'],
  [{ sessionName: 'a' }, 'body/sessionName must match pattern "^[A-Za-z0-9.@_-]{2,64}$"'],
  [{ policy: 'x' }, 'body/policy must be object,null'],
  [{ roleArn: 'x' }, 'body must NOT have additional properties'],
  [{ accountId: '2' }, 'there is no account 2'],
  [{}, 'there is no default instance: give the accountId'],
])('%j is refused: %s', async (payload, message) => {
  const { post, store } = await management()
  const answer = await post(payload)
  expect([answer.statusCode, answer.json().message]).toEqual([400, message])
  expect(await store.read.securityTokens.count('all', '')).toBe(0)
})

test('DELETE /security-tokens/:accessKeyId ends credentials, and says where there are none', async () => {
  const { app, post, store } = await management()
  const { accessKeyId } = (await post({ accountId: '1' })).json() as { accessKeyId: string }
  const end = () => app.inject({ method: 'DELETE', url: `/security-tokens/${accessKeyId}` })
  const first = await end()
  expect([first.statusCode, first.json()]).toEqual([200, { deleted: accessKeyId }])
  expect(await store.read.securityTokens.count('all', '')).toBe(0)
  const second = await end()
  expect([second.statusCode, second.json()]).toEqual([
    404,
    { error: 'unknown-security-token', message: 'there are no temporary credentials of this AccessKey ID' },
  ])
})
