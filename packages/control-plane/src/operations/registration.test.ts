import { caKey } from '@apsaramq/model'
import { inspectCertificate, issueCa, issueDevice, issueVerification, type KeyAndCertificate } from '@apsaramq/pki'
import { createMemoryStore, StoreUnavailableError } from '@apsaramq/store'
import { expect, test } from 'vitest'
import { errorTable, type ErrorCode } from '../errors.ts'
import { call, errorBodyOf, type Answer } from '../testing/caller.ts'
import { replacing } from '../testing/replacing.ts'
import { dialects } from '../testing/signed-request.ts'
import { createWorld, instanceId, keys, regionId, secondId, type World } from '../testing/world.ts'
import { maxRegisterCodes } from './get-register-code.ts'

const registerCode = async (world: World, id = instanceId) =>
  String((await call(world, 'GetRegisterCode', { MqttInstanceId: id })).body.RegisterCode)

const contentOf = async (world: World, ca: KeyAndCertificate, code: string) => ({
  MqttInstanceId: instanceId,
  CaName: 'our CA',
  CaContent: ca.certificate,
  VerificationContent: (await issueVerification({ ca, registerCode: code }, world)).certificate,
})

const newCa = (world: World, more: { sn?: string; validFrom?: number; validUntil?: number; keyType?: 'rsa' } = {}) =>
  issueCa({ commonName: 'Factory CA', keyType: 'ec', ...more }, world)

const register = (world: World, content: Record<string, string>) => call(world, 'RegisterCaCertificate', content)

function expectRefusal(world: World, answer: Answer, code: ErrorCode, detail: string | RegExp): void {
  expect(answer.status).toBe(errorTable[code].status)
  expect(answer.body).toEqual(errorBodyOf(answer, code, errorTable[code].message))
  expect(world.log.at(-1)).toMatchObject({
    code,
    cause: errorTable[code].cause,
    message: expect.stringMatching(detail),
  })
}

test('LIMITS A-12: of the register codes of an instance the last ten thousand are known', async () => {
  const world = await createWorld({ limitPerSecond: 1_000_000 })
  const issuedAt = world.clock.now()
  const code = (number: number) => ({ code: `code-${number}`, instanceId, issuedAt, usedAt: null })
  await world.store.transact((tx) => {
    for (let number = 0; number < maxRegisterCodes; number += 1) tx.registerCodes.put(code(number))
    tx.registerCodes.put({ ...code(0), code: 'other', instanceId: secondId })
  })
  const { body } = await call(world, 'GetRegisterCode', { MqttInstanceId: instanceId })
  const { registerCodes } = world.store.read
  expect(await registerCodes.count('byInstance', instanceId)).toBe(maxRegisterCodes)
  expect(await registerCodes.get('code-0')).toBeUndefined()
  expect(await registerCodes.get('code-1')).toEqual(code(1))
  expect(await registerCodes.get(String(body.RegisterCode))).toBeDefined()
  expect(await registerCodes.count('byInstance', secondId)).toBe(1)
})

test('LIMITS A-12: each register code is new: a UUID directly followed by digits', async () => {
  const world = await createWorld()
  const codes = [await registerCode(world), await registerCode(world)]
  for (const code of codes) {
    expect(code).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\d{12}$/)
    expect(await world.store.read.registerCodes.get(code)).toEqual({
      code,
      instanceId,
      issuedAt: world.clock.now(),
      usedAt: null,
    })
  }
  expect(new Set(codes).size).toBe(2)
})

test.each(dialects)(
  'C2: a CA is registered with proof of its key, signed $signature, $method, $placement',
  async (dialect) => {
    const world = await createWorld()
    const ca = await newCa(world)
    const code = await registerCode(world)
    const content = await contentOf(world, ca, code)
    const answer = await call(world, 'RegisterCaCertificate', content, { dialect })
    const facts = inspectCertificate(ca.certificate)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ RequestId: expect.any(String), Sn: facts.sn })
    expect(await world.store.read.caCertificates.get(caKey(instanceId, facts.sn))).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      instanceId,
      regionId,
      sn: facts.sn,
      name: 'our CA',
      status: 'active',
      certificate: content.CaContent,
      verification: content.VerificationContent,
      registerCode: code,
      fingerprint: facts.fingerprint,
      subject: facts.subject,
      validFrom: facts.validFrom,
      validUntil: facts.validUntil,
      registeredAt: world.clock.now(),
      statusChange: null,
    })
    expect(await world.store.read.registerCodes.get(code)).toMatchObject({ usedAt: world.clock.now() })
  },
)

test('C2: an RSA CA is registered too, and line breaks written as a backslash and an n are line breaks', async () => {
  const world = await createWorld()
  const ca = await newCa(world, { keyType: 'rsa' })
  const content = await contentOf(world, ca, await registerCode(world))
  const escaped = { ...content, CaContent: content.CaContent.replaceAll('\n', '\\n') }
  const { Sn } = (await register(world, escaped)).body
  const shown = (await call(world, 'GetCaCertificate', { MqttInstanceId: instanceId, Sn: String(Sn) })).body.Data
  expect(shown).toMatchObject({ CaContent: ca.certificate, VerificationContent: content.VerificationContent })
})

test('a register code that nobody gave out, or that another instance has, is refused', async () => {
  const world = await createWorld()
  const ca = await newCa(world)
  for (const code of ['made-up', await registerCode(world, secondId)]) {
    const answer = await register(world, await contentOf(world, ca, code))
    expectRefusal(world, answer, 'RegisterCodeError', /is no register code of post-cn-test001$/)
  }
})

test('a register code is good once; a refused registration does not use it up', async () => {
  const world = await createWorld()
  const code = await registerCode(world)
  const [first, second] = [await newCa(world, { sn: '0a01' }), await newCa(world, { sn: '0a02' })]
  const taken = await contentOf(world, await newCa(world, { sn: '0a01' }), await registerCode(world))
  expect((await register(world, await contentOf(world, first, code))).status).toBe(200)
  expectRefusal(
    world,
    await register(world, await contentOf(world, second, code)),
    'RegisterCodeUsed',
    /was used at 2026-/,
  )
  expectRefusal(world, await register(world, taken), 'SnNotUnique', /has a CA certificate 0a01 already$/)
  const again = await contentOf(world, second, await registerCode(world))
  expect((await register(world, again)).status).toBe(200)
})

test('after SnNotUnique the same code registers another CA', async () => {
  const world = await createWorld()
  await register(world, await contentOf(world, await newCa(world, { sn: '0a01' }), await registerCode(world)))
  const code = await registerCode(world)
  const twice = await register(world, await contentOf(world, await newCa(world, { sn: '0a01' }), code))
  expect(twice.body.Code).toBe('SnNotUnique')
  expect((await register(world, await contentOf(world, await newCa(world, { sn: '0a02' }), code))).status).toBe(200)
})

test('LIMITS A-13: the serial number is unique among the instances of the region, spelled any way', async () => {
  const world = await createWorld()
  await register(world, await contentOf(world, await newCa(world, { sn: '0a01' }), await registerCode(world)))
  const content = await contentOf(world, await newCa(world, { sn: '0a01' }), await registerCode(world, secondId))
  expectRefusal(
    world,
    await register(world, { ...content, MqttInstanceId: secondId }),
    'SnNotUnique',
    /post-cn-test001/,
  )
})

test('a certificate that proves nothing is CertificateContentError, and the log says which check failed', async () => {
  const world = await createWorld()
  const day = 24 * 3600 * 1000
  const now = world.clock.now()
  const ca = await newCa(world)
  const good = await contentOf(world, ca, await registerCode(world))
  const other = await contentOf(world, await newCa(world), await registerCode(world))
  const leaf = (await issueDevice({ ca, commonName: 'x', keyType: 'ec' }, world)).certificate
  const expired = await newCa(world, { validFrom: now - 2 * day, validUntil: now - day })
  const future = await newCa(world, { validFrom: now + day, validUntil: now + 2 * day })
  const bad: [Record<string, string>, RegExp][] = [
    [{ CaContent: 'no PEM' }, /PEM/],
    [{ VerificationContent: 'no PEM' }, /PEM/],
    [{ CaContent: leaf }, /not a CA/],
    [{ VerificationContent: other.VerificationContent }, /not signed|issuer/],
    [{ VerificationContent: ca.certificate }, /CA certificate itself/],
    [{ CaContent: expired.certificate }, /expired/],
    [{ CaContent: future.certificate }, /not valid yet/],
  ]
  for (const [change, detail] of bad) {
    expectRefusal(world, await register(world, { ...good, ...change }), 'CertificateContentError', detail)
  }
  expect((await register(world, good)).status).toBe(200)
})

test('LIMITS A-33: the hundred and first CA of an instance is CaNumExceed', async () => {
  const world = await createWorld()
  const ca = await newCa(world)
  const content = await contentOf(world, ca, await registerCode(world))
  expect((await register(world, content)).status).toBe(200)
  const [record] = (await world.store.read.caCertificates.list('byInstance', instanceId, 0, 1)).records
  await world.store.transact((tx) => {
    for (let index = 1; index < 100; index += 1) {
      tx.caCertificates.put({ ...record!, id: `copy-${index}`, sn: `0c${index.toString(16).padStart(2, '0')}` })
    }
  })
  const next = await contentOf(world, await newCa(world), await registerCode(world))
  expectRefusal(world, await register(world, next), 'CaNumExceed', /has 100 CA certificates, which is the most$/)
})

async function away(): Promise<never> {
  throw new StoreUnavailableError('the store is away')
}

test('CAs that cannot be counted are GetCaNumError', async () => {
  const store = createMemoryStore()
  const world = await createWorld({}, store)
  const content = await contentOf(world, await newCa(world), await registerCode(world))
  const transact = store.transact.bind(store)
  store.transact = (work) =>
    transact((tx) => work(replacing(tx, { caCertificates: replacing(tx.caCertificates, { count: away }) })))
  expectRefusal(world, await register(world, content), 'GetCaNumError', /could not be counted$/)
})

test('a RAM user without the dependent action is refused by the code of this page', async () => {
  const world = await createWorld()
  const user = (await world.store.read.users.get('reader'))!
  const policies = [
    { Version: '1' as const, Statement: [{ Effect: 'Allow' as const, Action: 'mq:RegisterCa', Resource: '*' }] },
  ]
  await world.store.transact((tx) => tx.users.put({ ...user, policies }))
  const content = await contentOf(world, await newCa(world), await registerCode(world))
  const answer = await call(world, 'RegisterCaCertificate', content, { key: keys.reader })
  expectRefusal(world, answer, 'InstancePermissionCheckFailed', /the action mq:MqttInstanceAccess/)
})

test.each([
  [{ CaName: '' }, 400],
  [{ CaName: 'n'.repeat(129) }, 500],
  [{ CaName: 'two\nlines' }, 500],
  [{ CaContent: '' }, 400],
  [{ CaContent: 'x'.repeat(65_537) }, 500],
  [{ VerificationContent: '' }, 400],
])('B4: ParameterFieldCheckFailed where a field of the registration is wrong, case %#', async (change, status) => {
  const world = await createWorld()
  const content = { MqttInstanceId: instanceId, CaName: 'n', CaContent: 'c', VerificationContent: 'v', ...change }
  const dialect = { signature: 'V1', method: 'POST', placement: 'form' } as const
  const answer = await call(world, 'RegisterCaCertificate', content, { dialect })
  expect([answer.status, answer.body.Code]).toEqual([status, 'ParameterFieldCheckFailed'])
})
