import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { issueCa, issueVerification } from '@apsaramq/pki'
import { createMemoryStore, StoreUnavailableError } from '@apsaramq/store'
import { expect, onTestFinished, test } from 'vitest'
import { call, errorBodyOf, signed, type Answer } from '../testing/caller.ts'
import { replacing } from '../testing/replacing.ts'
import type { CallToSign } from '../testing/signed-request.ts'
import { createWorld, instanceId, ownerId, type World } from '../testing/world.ts'

const internalError = 'An error occurred while processing your request. Try again later.'

/** Listens and makes a call over a socket. */
async function overTheWire(
  world: World,
  action: string,
  parameters: Record<string, string>,
  more: Partial<CallToSign> = {},
): Promise<Answer> {
  await world.app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => world.app.close())
  const { port } = world.app.server.address() as { port: number }
  const { method, url, headers } = signed(world, action, { parameters, ...more })
  const sent = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return {
    status: response.statusCode!,
    headers: response.headers,
    body: JSON.parse(await text(response)) as object as Answer['body'],
  }
}

async function away(): Promise<never> {
  throw new StoreUnavailableError('the store is away')
}

test('B4: CloseConnection answers InternalError: the store is away', async () => {
  const world = await createWorld()
  Object.assign(world.store.read.instances, { get: away })
  const answer = await overTheWire(world, 'CloseConnection', { InstanceId: instanceId, ClientId: 'GID_demo@@@one' })
  expect(answer.status).toBe(500) // vendor: the page of the operation; the notice has 417
  expect(answer.body).toEqual(errorBodyOf(answer, 'InternalError', internalError))
  expect(world.log.at(-1)).toMatchObject({ cause: 'store-failed', code: 'InternalError', status: 500 })
})

test('B4: ListInstances answers InternalError: the store is away', async () => {
  const world = await createWorld({ errorProfile: 'notice' })
  Object.assign(world.store.read.instances, { list: away })
  const answer = await overTheWire(world, 'ListInstances', {})
  expect(answer.status).toBe(417)
  expect(answer.body).toEqual(errorBodyOf(answer, 'InternalError', internalError))
})

test('B4: RegisterCaCertificate answers GetCaNumError: the store is away while CAs are counted', async () => {
  const store = createMemoryStore()
  const world = await createWorld({}, store)
  const MqttInstanceId = instanceId
  const { RegisterCode } = (await call(world, 'GetRegisterCode', { MqttInstanceId })).body
  const ca = await issueCa({ commonName: 'Factory CA', keyType: 'ec' }, world)
  const { certificate } = await issueVerification({ ca, registerCode: String(RegisterCode) }, world)
  const transact = store.transact.bind(store)
  store.transact = (work) =>
    transact((tx) => work(replacing(tx, { caCertificates: replacing(tx.caCertificates, { count: away }) })))
  const content = { MqttInstanceId, CaName: 'ours', CaContent: ca.certificate, VerificationContent: certificate }
  const answer = await overTheWire(world, 'RegisterCaCertificate', content)
  expect(answer.status).toBe(401)
  expect(answer.body).toEqual(errorBodyOf(answer, 'GetCaNumError', 'Failed to get ca num. Try again later.'))
})

const checkFailed = 'An error occurred while checking the account information by the STS token.'

/** The answer to temporary credentials of a RAM user who is not there any more. */
async function askedByAGhost(world: World, action: string, parameters: Record<string, string>): Promise<Answer> {
  const key = { id: 'STS.GHOST', secret: 'ghost-secret' }
  const now = world.clock.now()
  await world.store.transact((tx) =>
    tx.securityTokens.put({
      accessKeyId: key.id,
      secret: key.secret,
      token: 'CAIS-ghost',
      accountId: ownerId,
      holder: { kind: 'user', userId: 'gone' },
      sessionName: 'ghost',
      policy: null,
      issuedAt: now,
      expiresAt: now + 3_600_000,
    }),
  )
  return overTheWire(
    world,
    action,
    { InstanceId: instanceId, ...parameters },
    { key, common: { SecurityToken: 'CAIS-ghost' } },
  )
}

test('B4: QuerySessionByClientId answers CheckAccountInfoFailed: the holder of the security token is gone', async () => {
  const answer = await askedByAGhost(await createWorld(), 'QuerySessionByClientId', { ClientId: 'GID_demo@@@one' })
  expect(answer.status).toBe(400)
  expect(answer.body).toEqual(errorBodyOf(answer, 'CheckAccountInfoFailed', checkFailed))
})

test('B4: BatchQuerySessionByClientIds answers CheckAccountInfoFailed: the holder of the security token is gone', async () => {
  const asked = { 'ClientIdList.1': 'GID_demo@@@one' }
  const answer = await askedByAGhost(await createWorld(), 'BatchQuerySessionByClientIds', asked)
  expect(answer.status).toBe(400)
  expect(answer.body).toEqual(errorBodyOf(answer, 'CheckAccountInfoFailed', checkFailed))
})
