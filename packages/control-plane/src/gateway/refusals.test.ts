import type { Cause } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { errorTable, type ErrorCode } from '../errors.ts'
import { errorBodyOf, send, signed, type Answer } from '../testing/caller.ts'
import { signRequest, type CallToSign, type Dialect } from '../testing/signed-request.ts'
import { createWorld, elsewhereId, instanceId, keys, ownerId, professionalId, type World } from '../testing/world.ts'

const v3: Dialect = { signature: 'V3', method: 'POST', placement: 'query' }
const minute = 60_000

interface Row {
  title: string
  code: ErrorCode
  cause: Cause
  action?: string
  call?: Partial<CallToSign>
  /** Parameters of a call that is right otherwise. */
  parameters?: Record<string, string>
  /** Where the vendor's text has a variable part. */
  message?: RegExp
  status?: number
  /** Whether the call has passed the throttle, so that the answer has its headers. */
  counted?: true
  detail: string
  /** Minutes the clock of the caller is ahead. */
  aheadMs?: number
}

const device = { MqttInstanceId: instanceId, DeviceSn: '0a', CaSn: '0b' }
const without = (name: string): Partial<CallToSign> => ({ common: { [name]: undefined } })
const withCommon = (name: string, value: string): Partial<CallToSign> => ({ common: { [name]: value } })

/** In the order of the gateway. */
const rows: Row[] = [
  {
    title: 'a format that is neither',
    code: 'InvalidParameter.Format',
    cause: 'unsupported-format',
    call: withCommon('Format', 'YAML'),
    detail: 'an answer can be had in JSON and in XML',
  },
  {
    title: 'no action',
    code: 'MissingAction',
    cause: 'missing-common-parameter',
    call: without('Action'),
    detail: 'the call names no action',
  },
  {
    title: 'no action, V3',
    code: 'MissingAction',
    cause: 'missing-common-parameter',
    call: { dialect: v3, common: { 'x-acs-action': undefined } },
    detail: 'the call names no action',
  },
  {
    title: 'no version',
    code: 'MissingVersion',
    cause: 'missing-common-parameter',
    call: without('Version'),
    detail: 'the call names no version',
  },
  {
    title: 'another version',
    code: 'InvalidVersion',
    cause: 'unsupported-version',
    call: withCommon('Version', '2020-04-21'),
    detail: 'the only version is 2020-04-20',
  },
  {
    title: 'an operation the API does not have',
    code: 'InvalidAction.NotFound',
    cause: 'unknown-operation',
    action: 'ActivateDeviceCertificate',
    detail: 'OnsMqtt 2020-04-20 has no such operation',
  },
  {
    title: 'a name that every object inherits',
    code: 'InvalidAction.NotFound',
    cause: 'unknown-operation',
    action: 'constructor',
    detail: 'OnsMqtt 2020-04-20 has no such operation',
  },
  {
    title: 'no access key',
    code: 'MissingAccessKeyId',
    cause: 'missing-common-parameter',
    call: without('AccessKeyId'),
    detail: 'the call names no access key',
  },
  {
    title: 'an Authorization header that cannot be read',
    code: 'IncompleteSignature',
    cause: 'signature-incomplete',
    call: { dialect: v3, key: { id: 'two words', secret: 'x' } },
    detail: 'the Authorization header does not read ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…',
  },
  {
    title: 'a security token beside a lasting key',
    code: 'InvalidSecurityToken.MismatchWithAccessKey',
    cause: 'security-token-mismatch',
    call: withCommon('SecurityToken', 'CAIS'),
    detail: 'a security token came with an AccessKey pair that is not temporary',
  },
  {
    title: 'a security token beside a lasting key, V3',
    code: 'InvalidSecurityToken.MismatchWithAccessKey',
    cause: 'security-token-mismatch',
    call: { dialect: v3, common: { 'x-acs-security-token': 'CAIS' } },
    detail: 'a security token came with an AccessKey pair that is not temporary',
  },
  {
    title: 'an unknown access key',
    code: 'InvalidAccessKeyId.NotFound',
    cause: 'unknown-access-key',
    call: { key: { id: 'NOBODY', secret: 'x' } },
    detail: 'there is no access key of this id',
  },
  {
    title: 'the key of a user who is gone',
    code: 'InvalidAccessKeyId.NotFound',
    cause: 'unknown-access-key',
    call: { key: keys.orphan },
    detail: 'the RAM user of ORPHAN is gone',
  },
  {
    title: 'a disabled access key',
    code: 'InvalidAccessKeyId.Inactive',
    cause: 'access-key-inactive',
    call: { key: keys.disabled },
    detail: 'it is disabled',
  },
  {
    title: 'no time',
    code: 'MissingTimestamp',
    cause: 'missing-common-parameter',
    call: without('Timestamp'),
    detail: 'the call has no Timestamp',
  },
  {
    title: 'a time that cannot be read',
    code: 'InvalidTimeStamp.Format',
    cause: 'timestamp-malformed',
    call: withCommon('Timestamp', '2026-01-01 12:00:00'),
    detail: 'the Timestamp is not yyyy-MM-ddTHH:mm:ssZ',
  },
  {
    title: 'no time, V3',
    code: 'IllegalTimestamp',
    cause: 'timestamp-malformed',
    call: { dialect: v3, common: { 'x-acs-date': undefined } },
    detail: 'x-acs-date is absent or not ISO 8601 in UTC',
  },
  {
    title: 'a time that cannot be read, V3',
    code: 'IllegalTimestamp',
    cause: 'timestamp-malformed',
    call: { dialect: v3, common: { 'x-acs-date': 'Thu, 01 Jan 2026 12:00:00 GMT' } },
    detail: 'x-acs-date is absent or not ISO 8601 in UTC',
  },
  {
    title: 'a time more than 15 minutes ago',
    code: 'InvalidTimeStamp.Expired',
    cause: 'timestamp-expired',
    aheadMs: -15 * minute - 1000,
    detail: 'the time of the call is 901 seconds behind the clock',
  },
  {
    title: 'a time more than 15 minutes ahead, V3',
    code: 'InvalidTimeStamp.Expired',
    cause: 'timestamp-expired',
    call: { dialect: v3 },
    aheadMs: 15 * minute + 1000,
    detail: 'the time of the call is 901 seconds ahead of the clock',
  },
  {
    title: 'no nonce',
    code: 'MissingSignatureNonce',
    cause: 'missing-common-parameter',
    call: without('SignatureNonce'),
    detail: 'the call has no nonce',
  },
  {
    title: 'an empty nonce, V3',
    code: 'MissingSignatureNonce',
    cause: 'missing-common-parameter',
    call: { dialect: v3, nonce: '' },
    detail: 'the call has no nonce',
  },
  {
    title: 'no signature method',
    code: 'MissingSignatureMethod',
    cause: 'missing-common-parameter',
    call: without('SignatureMethod'),
    detail: 'the call has no SignatureMethod',
  },
  {
    title: 'no signature version',
    code: 'MissingSignatureVersion',
    cause: 'missing-common-parameter',
    call: without('SignatureVersion'),
    detail: 'the call has no SignatureVersion',
  },
  {
    title: 'another signature method',
    code: 'InvalidSignatureMethod',
    cause: 'unsupported-signature',
    call: withCommon('SignatureMethod', 'SHA256withRSA'),
    detail: 'the only V1 signature is HMAC-SHA1, version 1.0, no type',
  },
  {
    title: 'a bearer token',
    code: 'InvalidSignatureMethod',
    cause: 'unsupported-signature',
    call: withCommon('SignatureType', 'BEARERTOKEN'),
    detail: 'the only V1 signature is HMAC-SHA1, version 1.0, no type',
  },
  {
    title: 'a wrong secret',
    code: 'SignatureDoesNotMatch',
    cause: 'signature-mismatch',
    call: { key: { id: keys.owner.id, secret: 'wrong' } },
    message:
      /^Specified signature is not matched with our calculation\. server string to sign is:POST&%2F&AccessKeyId%3DOWNER%26Action%3D/,
    detail: 'the V1 signature is not the one the secret of OWNER makes',
  },
  {
    title: 'a wrong secret, V3',
    code: 'SignatureDoesNotMatch',
    cause: 'signature-mismatch',
    call: { dialect: v3, key: { id: keys.owner.id, secret: 'wrong' } },
    message:
      /^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n[0-9a-f]{64}\]$/,
    detail: 'the V3 signature is not the one the secret of OWNER makes',
  },
  {
    title: 'a body that is not the one hashed',
    code: 'SignatureDoesNotMatch',
    cause: 'body-hash-mismatch',
    call: { dialect: v3, common: { 'x-acs-content-sha256': 'a'.repeat(64) } },
    message:
      /^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n.{64}\]$/,
    detail: 'x-acs-content-sha256 is not the hash of the body',
  },
  {
    title: 'B1: an operation that is not served',
    code: 'ApiNotSupport',
    cause: 'operation-declined',
    action: 'ApplyToken',
    detail: 'tokens as MQTT passwords are not emulated; devices are told apart by certificate',
  },
  {
    title: 'B4: a parameter that is missing',
    code: 'ParameterFieldCheckFailed',
    cause: 'parameter-missing',
    parameters: { MqttInstanceId: instanceId, CaSn: '0b' },
    counted: true,
    detail: "must have required property 'DeviceSn'",
  },
  {
    title: 'B4: a parameter that is empty',
    code: 'ParameterFieldCheckFailed',
    cause: 'parameter-missing',
    parameters: { ...device, DeviceSn: '' },
    counted: true,
    detail: 'DeviceSn must NOT have fewer than 1 characters',
  },
  {
    title: 'B4: a parameter that is too long',
    code: 'ParameterFieldCheckFailed',
    status: 500,
    cause: 'parameter-invalid',
    parameters: { ...device, CaSn: 'a'.repeat(129) },
    counted: true,
    detail: 'CaSn must NOT have more than 128 characters',
  },
  {
    title: 'B4: a parameter that is no serial number',
    code: 'ParameterFieldCheckFailed',
    status: 500,
    cause: 'parameter-invalid',
    parameters: { ...device, DeviceSn: '0x1f' },
    counted: true,
    detail: 'DeviceSn must match pattern "^[0-9A-Fa-f]+$"',
  },
  {
    title: 'B4: an instance that does not exist',
    code: 'MqttInstanceNotFound',
    cause: 'instance-not-found',
    parameters: { ...device, MqttInstanceId: '__proto__' },
    counted: true,
    detail: 'cn-hangzhou has no instance of this id',
  },
  {
    title: 'an instance of another region',
    code: 'MqttInstanceNotFound',
    cause: 'instance-not-found',
    parameters: { ...device, MqttInstanceId: elsewhereId },
    counted: true,
    detail: 'cn-hangzhou has no instance of this id',
  },
  {
    title: 'B4: an instance of another account',
    code: 'MqttOwnerCheckError',
    cause: 'instance-of-another-account',
    call: { key: keys.other },
    parameters: device,
    counted: true,
    detail: 'post-cn-test001 does not belong to account 1000000000000002',
  },
  {
    title: 'B4: a RAM user whom no policy allows it, by the name the vendor gave the action',
    code: 'PermissionCheckFailed',
    cause: 'permission-denied',
    call: { key: keys.reader },
    parameters: device,
    counted: true,
    detail:
      'no policy allows RAM user reader the action mq:UnregisterDeviceCertificate ' +
      'on acs:mq:cn-hangzhou:1000000000000001:post-cn-test001',
  },
  {
    title: 'B4: an instance of another edition',
    code: 'ApiNotSupport',
    cause: 'edition-unsupported',
    parameters: { ...device, MqttInstanceId: professionalId },
    counted: true,
    detail: 'post-cn-test002 is of the professional edition, which does not have the operation',
  },
]

function expectRefusal(world: World, answer: Answer, row: Row): void {
  const message = row.message ? expect.stringMatching(row.message) : errorTable[row.code].message
  const limit = answer.headers['x-ratelimit-user']
  expect(answer).toEqual({
    status: row.status ?? errorTable[row.code].status,
    headers: {
      'content-type': 'application/json;charset=utf-8',
      'content-length': expect.any(String),
      'x-acs-request-id': answer.body.RequestId,
      connection: 'keep-alive',
      date: expect.any(String),
      ...(row.counted && { 'x-ratelimit-user': limit, 'x-ratelimit-user-api': limit }),
    },
    body: errorBodyOf(answer, row.code, message),
  })
  expect(Object.keys(answer.body)).toEqual(['RequestId', 'Message', 'Recommend', 'HostId', 'Code'])
  expect(world.log).toEqual([
    expect.objectContaining({
      plane: 'api',
      kind: 'call',
      requestId: answer.body.RequestId,
      status: answer.status,
      code: row.code,
      cause: row.cause,
      message: expect.stringContaining(`was refused: ${row.detail}`),
    }),
  ])
}

test.each(rows)('$title: $code', async (row) => {
  const world = await createWorld()
  const request = signed(world, row.action ?? 'InactivateDeviceCertificate', {
    parameters: row.parameters ?? device,
    at: world.clock.now() + (row.aheadMs ?? 0),
    ...row.call,
  })
  expectRefusal(world, await send(world, request), row)
  await world.app.close()
})

const faults: { code: ErrorCode; change: Partial<CallToSign>; action?: string }[] = [
  { code: 'InvalidParameter.Format', change: { common: { Format: 'YAML' } } },
  { code: 'InvalidVersion', change: { common: { Version: '1' } } },
  { code: 'InvalidAccessKeyId.Inactive', change: { key: { id: keys.disabled.id, secret: 'wrong' } } },
  { code: 'InvalidTimeStamp.Format', change: { common: { Timestamp: 'never' } } },
  { code: 'SignatureDoesNotMatch', change: { key: { id: keys.reader.id, secret: 'wrong' } } },
  { code: 'ParameterFieldCheckFailed', change: { parameters: { MqttInstanceId: 'none', DeviceSn: '-', CaSn: '0b' } } },
  { code: 'MqttInstanceNotFound', change: { parameters: { ...device, MqttInstanceId: 'none' } } },
  { code: 'MqttOwnerCheckError', change: { key: keys.other } },
  { code: 'PermissionCheckFailed', change: { key: keys.reader } },
  { code: 'ApiNotSupport', change: {} },
]

test('LIMITS A-20: of several faults the one that the gateway checks first is answered', async () => {
  const world = await createWorld()
  const base: Partial<CallToSign> = { parameters: { ...device, MqttInstanceId: professionalId } }
  for (const [index, { code }] of faults.entries()) {
    const later = faults.slice(index).toReversed()
    const change = Object.assign({}, base, ...later.map((fault) => fault.change))
    const common = Object.assign({}, ...later.map((fault) => fault.change.common))
    const answer = await send(world, signed(world, 'InactivateDeviceCertificate', { ...change, common }))
    expect(answer.body.Code).toBe(code)
  }
})

test('B5: a replayed call is refused, and 16 minutes later its time is', async () => {
  const world = await createWorld()
  const requests = [undefined, v3].map((dialect) =>
    signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId }, ...(dialect && { dialect }) }),
  )
  const codes = async () => Promise.all(requests.map(async (request) => (await send(world, request)).body.Code))
  expect(await codes()).toEqual([undefined, undefined])
  expect(await codes()).toEqual(['SignatureNonceUsed', 'SignatureNonceUsed'])
  world.clock.advance(15 * minute)
  expect(await codes()).toEqual(['SignatureNonceUsed', 'SignatureNonceUsed'])
  world.clock.advance(minute)
  expect(await codes()).toEqual(['InvalidTimeStamp.Expired', 'InvalidTimeStamp.Expired'])
})

test('B5: of two calls with one nonce that come at once, one is done', async () => {
  const world = await createWorld()
  const request = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  const answers = await Promise.all([send(world, request), send(world, request), send(world, request)])
  expect(answers.map(({ body }) => body.Code).sort()).toEqual(['SignatureNonceUsed', 'SignatureNonceUsed', undefined])
})

test('B5: a call whose signature is wrong uses up no nonce', async () => {
  const world = await createWorld()
  const call = {
    action: 'GetRegisterCode',
    parameters: { MqttInstanceId: instanceId },
    at: world.clock.now(),
    nonce: 'n',
  }
  const forged = signRequest({ ...call, key: { id: keys.owner.id, secret: 'guessed' } })
  expect((await send(world, forged)).body.Code).toBe('SignatureDoesNotMatch')
  expect((await send(world, signRequest({ ...call, key: keys.owner }))).status).toBe(200)
})

test('all apps of a control plane share nonces and limits; a reset forgets both', async () => {
  const world = await createWorld({ limitPerSecond: 2 })
  const other = { ...world, app: world.plane.createApp() }
  const request = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  const another = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  const third = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  expect((await send(world, request)).status).toBe(200)
  expect((await send(other, request)).body.Code).toBe('SignatureNonceUsed')
  expect((await send(other, another)).status).toBe(200)
  expect((await send(world, third)).body.Code).toBe('Throttling.User')
  world.plane.reset()
  expect((await send(world, request)).status).toBe(200)
})

test('a refusal of a check counts as resting on the order of the checks; an answer of the operation does not', async () => {
  const world = await createWorld()
  const ask = async (action: string, change: Partial<CallToSign> = {}) => {
    world.assumed.length = 0
    const { body } = await send(world, signed(world, action, { parameters: { MqttInstanceId: instanceId }, ...change }))
    return [body.Code, world.assumed.filter((id) => id === 'A-20')]
  }
  expect(await ask('GetRegisterCode', { key: { id: 'nobody', secret: '' } })).toEqual([
    'InvalidAccessKeyId.NotFound',
    ['A-20'],
  ])
  expect(await ask('GetRegisterCode', { parameters: {} })).toEqual(['ParameterFieldCheckFailed', ['A-20']])
  expect(await ask('GetRegisterCode')).toEqual([undefined, []])
  expect(await ask('GetDeviceCertificate', { parameters: device })).toEqual(['FindDeviceBySnError', []])
})

test('D4: the call above the limit is refused as every SDK generation reads it, and admitted after the wait', async () => {
  const world = await createWorld({ limitPerSecond: 2 })
  const ask = () => send(world, signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } }))
  await ask()
  world.clock.advance(300)
  await ask()
  world.log.length = 0
  const refused = await ask()
  expect(refused).toEqual({
    status: 400,
    headers: {
      'content-type': 'application/json;charset=utf-8',
      'content-length': expect.any(String),
      'x-acs-request-id': refused.body.RequestId,
      'x-acs-retry-after': '700',
      'x-ratelimit-user': 'Limit:2,Remain:0,TimeLeft:700,Reset:1000',
      'x-ratelimit-user-api': 'Limit:2,Remain:0,TimeLeft:700,Reset:1000',
      connection: 'keep-alive',
      date: expect.any(String),
    },
    body: errorBodyOf(refused, 'Throttling.User', 'Request was denied due to user flow control.'),
  })
  expect(world.log).toEqual([
    expect.objectContaining({
      cause: 'throttled',
      message: `GetRegisterCode was refused: account ${ownerId} made 2 calls within a second; wait 700 ms`,
    }),
  ])
  world.clock.advance(699)
  expect((await ask()).status).toBe(400)
  world.clock.advance(1)
  expect((await ask()).status).toBe(200)
})

test('D1: every call with a valid signature counts, to its account and operation; others and refused ones do not', async () => {
  const world = await createWorld({ limitPerSecond: 3 })
  const ask = async (action: string, change: Partial<CallToSign> = {}) =>
    (await send(world, signed(world, action, { parameters: { MqttInstanceId: instanceId }, ...change }))).body.Code
  const forged = { id: keys.owner.id, secret: 'wrong' }
  expect(await ask('GetRegisterCode', { key: forged })).toBe('SignatureDoesNotMatch')
  expect(await ask('GetRegisterCode', { parameters: {} })).toBe('ParameterFieldCheckFailed')
  expect(await ask('GetRegisterCode', { key: keys.reader })).toBeUndefined()
  expect(await ask('GetRegisterCode')).toBeUndefined()
  expect(await ask('GetRegisterCode')).toBe('Throttling.User')
  expect(await ask('GetRegisterCode', { key: keys.reader })).toBe('Throttling.User')
  expect(await ask('GetRegisterCode', { key: keys.other })).toBe('MqttOwnerCheckError')
  expect(await ask('ListCaCertificate')).toBe('ParameterFieldCheckFailed')
  world.clock.advance(1000)
  expect(await ask('GetRegisterCode')).toBeUndefined()
})

test('D7: the limit is changed while the plane runs; a bad one is refused and changes nothing', async () => {
  const world = await createWorld({ limitPerSecond: 1 })
  const ask = async () =>
    (await send(world, signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } }))).body.Code
  expect([await ask(), await ask()]).toEqual([undefined, 'Throttling.User'])
  await expect(world.plane.setLimit({ perSecond: 0 })).rejects.toThrow(RangeError)
  expect(await ask()).toBe('Throttling.User')
  await world.plane.setLimit({ perSecond: 2 })
  expect([await ask(), await ask()]).toEqual([undefined, 'Throttling.User'])
})
