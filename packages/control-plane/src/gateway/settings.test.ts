import { issueCa, issueVerification } from '@apsaramq/pki'
import { expect, test } from 'vitest'
import type { ControlPlaneSettings } from '../settings.ts'
import { call, errorBodyOf, type Answer } from '../testing/caller.ts'
import { createWorld, instanceId, keys, professionalId, type World } from '../testing/world.ts'

const MqttInstanceId = instanceId
const unknown = { MqttInstanceId, DeviceSn: '0a', CaSn: '0b' }
const session = { InstanceId: instanceId, ClientId: 'GID_demo@@@one' }

const statusAndCode = ({ status, body }: Answer) => [status, body.Code]

async function refused(
  profile: ControlPlaneSettings['errorProfile'],
  action: string,
  parameters: object,
  key = 'owner',
) {
  const world = await createWorld({ errorProfile: profile })
  const by = { key: keys[key as keyof typeof keys] }
  const answer = await call(world, action, parameters as Record<string, string>, by)
  expect(world.log.at(-1)).toMatchObject({ status: answer.status })
  return { answer: statusAndCode(answer), assumed: world.assumed }
}

test.each([
  ['FindCaBySnError', 500, 400, 'GetCaCertificate', { MqttInstanceId, Sn: '0b' }, 'owner'],
  ['FindDeviceBySnError', 500, 500, 'GetDeviceCertificate', unknown, 'owner'],
  ['MqttInstanceNotFound', 500, 400, 'GetDeviceCertificate', { ...unknown, MqttInstanceId: 'none' }, 'owner'],
  ['MqttOwnerCheckError', 403, 403, 'GetDeviceCertificate', unknown, 'other'],
  ['ParameterFieldCheckFailed', 400, 400, 'GetDeviceCertificate', { MqttInstanceId }, 'owner'],
  ['ParameterFieldCheckFailed', 500, 400, 'GetDeviceCertificate', { ...unknown, CaSn: '?' }, 'owner'],
  ['PermissionCheckFailed', 403, 403, 'InactivateDeviceCertificate', unknown, 'reader'],
  ['PermissionCheckFailed', 400, 400, 'CloseConnection', session, 'reader'],
  ['InstancePermissionCheckFailed', 400, 400, 'CloseConnection', session, 'other'],
] as const)('B4: %s is %d by its page, and %d by the later notice', async (code, page, notice, action, asked, key) => {
  const byPage = await refused('page', action, asked, key)
  const byNotice = await refused('notice', action, asked, key)
  expect([byPage.answer, byNotice.answer]).toEqual([
    [page, code],
    [notice, code],
  ])
  if (page !== notice) expect([byPage.assumed, byNotice.assumed]).toEqual([arrayWithA10, arrayWithA10])
})

const arrayWithA10: unknown = expect.arrayContaining(['A-10'])

test('B4: --editions decides which editions have the certificate operations; what the pages contradict is told', async () => {
  const asked = { MqttInstanceId: professionalId }
  const platinum = await createWorld({ editions: ['platinum'] })
  expect(statusAndCode(await call(platinum, 'GetRegisterCode', asked))).toEqual([404, 'ApiNotSupport'])
  const both = await createWorld({ editions: ['platinum', 'professional'] })
  expect(statusAndCode(await call(both, 'GetRegisterCode', asked))).toEqual([200, undefined])
  expect(statusAndCode(await call(both, 'GetRegisterCode', { MqttInstanceId }))).toEqual([200, undefined])
  const counted = [platinum, both].map(({ assumed }) => assumed.filter((id) => id === 'A-11').length)
  expect(counted).toEqual([1, 1])
})

const message = 'Your request is denied as lack of ssl protect.'

test.each([
  ['CloseConnection', session],
  ['ListInstances', {}],
  ['SetSniConfig', {}],
  ['AddCustomAuthIdentity', {}],
])('LIMITS A-43: %s over HTTP is refused where HTTPS is enforced', async (action, asked) => {
  const world = await createWorld({ httpsOnly: 'enforce' })
  const answer = await call(world, action, asked as Record<string, string>)
  expect(answer.status).toBe(404)
  expect(answer.body).toEqual(errorBodyOf(answer, 'InvalidProtocol.NeedSsl', message))
  expect(world.log).toEqual([
    expect.objectContaining({
      cause: 'https-needed',
      message: `${action} was refused: the operation is documented for HTTPS only`,
    }),
  ])
})

test('LIMITS A-43: an operation that is documented for HTTP too is served over it, whatever the setting', async () => {
  const world = await createWorld({ httpsOnly: 'enforce' })
  expect((await call(world, 'QuerySessionByClientId', session)).body.OnlineStatus).toBe(false)
  expect((await call(world, 'GetRegisterCode', { MqttInstanceId })).status).toBe(200)
  expect((await call(world, 'ApplyToken', {})).body.Code).toBe('ApiNotSupport')
})

async function content(world: World, registerCode: string) {
  const ca = await issueCa({ commonName: 'Factory CA', keyType: 'ec' }, world)
  const { certificate } = await issueVerification({ ca, registerCode }, world)
  return { MqttInstanceId, CaName: 'ours', CaContent: ca.certificate, VerificationContent: certificate }
}

const newCode = async (world: World) =>
  String((await call(world, 'GetRegisterCode', { MqttInstanceId })).body.RegisterCode)

test('LIMITS A-12: a register code lives as long as the setting says, and no millisecond longer', async () => {
  const world = await createWorld({ registerCodeTtlMs: 60_000 })
  const [first, second] = [await newCode(world), await newCode(world)]
  world.clock.advance(59_999)
  expect((await call(world, 'RegisterCaCertificate', await content(world, first))).status).toBe(200)
  world.clock.advance(1)
  const late = await call(world, 'RegisterCaCertificate', await content(world, second))
  expect(late.status).toBe(500)
  expect(late.body).toEqual(errorBodyOf(late, 'RegisterCodeError', 'Register code error in verification certificate.'))
  expect(world.log.at(-1)).toMatchObject({
    cause: 'register-code-expired',
    message: expect.stringContaining('the register code was good for 60 seconds, and it is older'),
  })
})

test('LIMITS A-12: without a limit a register code is good for ever', async () => {
  const world = await createWorld()
  const code = await newCode(world)
  world.clock.advance(400 * 24 * 3600 * 1000)
  expect((await call(world, 'RegisterCaCertificate', await content(world, code))).status).toBe(200)
})

test('LIMITS A-33: an instance takes as many CAs as the setting says', async () => {
  const world = await createWorld({ maxCaCertificates: 2 })
  const codes: unknown[] = []
  for (let at = 0; at < 3; at += 1) {
    const answer = await call(world, 'RegisterCaCertificate', await content(world, await newCode(world)))
    codes.push(answer.body.Code)
  }
  expect(codes).toEqual([undefined, undefined, 'CaNumExceed'])
})
