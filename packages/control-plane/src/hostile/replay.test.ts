import { expect, test } from 'vitest'
import { maxClockSkewMs } from '../signature/timestamp.ts'
import { call, send, signed } from '../testing/caller.ts'
import { dialects } from '../testing/signed-request.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

const parameters = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
const signatures = ['V1', 'V3'] as const

/** The code of a call signed by a clock that is `aheadMs` ahead of ours; `done` where there is none. */
async function codeAhead(world: World, signature: (typeof signatures)[number], aheadMs: number): Promise<unknown> {
  const at = world.clock.now() + aheadMs
  const dialect = { signature, method: 'POST', placement: 'query' } as const
  const common = signature === 'V3' ? { 'x-acs-date': new Date(at).toISOString() } : {}
  const { body } = await call(world, 'ListCaCertificate', parameters, { at, dialect, common })
  return body.Code ?? 'done'
}

test.each([
  ['V1', 1_000],
  ['V3', 1],
] as const)(
  'B5: %s: a clock may be a quarter of an hour off, either way, and not %i ms more',
  async (signature, more) => {
    const world = await createWorld()
    for (const side of [-1, 1]) {
      expect(await codeAhead(world, signature, side * maxClockSkewMs)).toBe('done')
      expect(await codeAhead(world, signature, side * (maxClockSkewMs + more))).toBe('InvalidTimeStamp.Expired')
    }
  },
)

test.each(dialects)(
  'B5: a call of $signature, $method, $placement is done once for as long as its time is good, whatever the clock of its caller',
  async (dialect) => {
    for (const aheadMs of [-maxClockSkewMs, 0, maxClockSkewMs]) {
      const world = await createWorld()
      const request = signed(world, 'ListCaCertificate', { parameters, dialect, at: world.clock.now() + aheadMs })
      expect((await send(world, request)).status).toBe(200)
      for (const laterMs of [0, 1, (maxClockSkewMs + aheadMs) / 2, (maxClockSkewMs + aheadMs) / 2 - 1]) {
        world.clock.advance(laterMs)
        const { body } = await send(world, request)
        expect(['SignatureNonceUsed', 'InvalidTimeStamp.Expired']).toContain(body.Code)
      }
      world.clock.advance(2 * maxClockSkewMs)
      expect((await send(world, request)).body.Code).toBe('InvalidTimeStamp.Expired')
    }
  },
)

test('a nonce is used up by a call that is signed, whatever comes of it, and by no other', async () => {
  const world = await createWorld()
  const wrong = signed(world, 'ListCaCertificate', { parameters, key: { id: 'OWNER', secret: 'guessed' }, nonce: 'n' })
  expect((await send(world, wrong)).body.Code).toBe('SignatureDoesNotMatch')
  const right = signed(world, 'ListCaCertificate', { parameters: { ...parameters, PageNo: '0' }, nonce: 'n' })
  expect((await send(world, right)).body.Code).toBe('ParameterFieldCheckFailed')
  expect((await send(world, right)).body.Code).toBe('SignatureNonceUsed')
})

test('after a reset the same bytes are a new call, which rests on an assumption', async () => {
  const world = await createWorld()
  world.clock.advance(60_000)
  const request = signed(world, 'ListCaCertificate', { parameters, at: world.clock.now() - 30_000 })
  expect((await send(world, request)).status).toBe(200)
  expect(world.assumed).not.toContain('A-67')
  expect((await send(world, request)).body.Code).toBe('SignatureNonceUsed')
  world.plane.reset()
  expect((await send(world, request)).status).toBe(200)
  expect(world.assumed).toContain('A-67')
})

test('where no more nonces can be remembered a new call is refused, and one made before still is one', async () => {
  const world = await createWorld({ maxNonces: 4 })
  const done = signed(world, 'ListCaCertificate', { parameters })
  expect((await send(world, done)).status).toBe(200)
  const answer = await call(world, 'ListCaCertificate', parameters)
  expect(answer).toMatchObject({ status: 503, body: { Code: 'ServiceUnavailable' } })
  expect(world.log.at(-1)).toMatchObject({ cause: 'nonce-store-full' })
  expect(world.assumed).toContain('A-68')
  expect((await send(world, done)).body.Code).toBe('SignatureNonceUsed')
  expect(
    (await call(world, 'ListCaCertificate', parameters, { key: { id: 'OTHER', secret: 'other-secret' } })).body.Code,
  ).toBe('MqttOwnerCheckError')
  world.clock.advance(3 * maxClockSkewMs)
  expect((await call(world, 'ListCaCertificate', parameters)).status).toBe(200)
})
