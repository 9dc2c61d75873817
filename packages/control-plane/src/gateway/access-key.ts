import type { AccessKey } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import type { Call, Caller } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'
import { callerOfToken, checkNoToken, checkToken, givenToken } from './security-token.ts'

function accessKeyIdOf(call: Call): string {
  return call.scheme === 'V3' ? (call.authorization?.accessKeyId ?? '') : textOf(call.parameters, 'AccessKeyId')
}

function checkPresent(call: Call): void {
  if (call.accessKeyId !== '') return
  if (call.scheme === 'V1') throw new ApiError('MissingAccessKeyId', { detail: 'the call names no access key' })
  throw new ApiError('IncompleteSignature', {
    detail: 'the Authorization header does not read ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…',
  })
}

function callerOf(accessKey: AccessKey, plane: Plane): Caller | Promise<Caller> {
  const { accountId, userId } = accessKey
  return userId === null ? { accountId, accessKey } : userOf(accessKey, userId, plane)
}

async function userOf(accessKey: AccessKey, userId: string, { store }: Plane): Promise<Caller> {
  const user = await store.read.users.get(userId)
  if (user) return { accountId: accessKey.accountId, accessKey, user }
  throw new ApiError('InvalidAccessKeyId.NotFound', { detail: `the RAM user of ${accessKey.id} is gone` })
}

async function identify(call: Call, plane: Plane, given: string): Promise<void> {
  const accessKey = await plane.store.read.accessKeys.get(call.accessKeyId)
  if (!accessKey) return identifyByToken(call, plane, given)
  call.accessKeyId = accessKey.id // the same text, but not a piece of a header that a record would hold in memory with it
  if (accessKey.status !== 'active') throw new ApiError('InvalidAccessKeyId.Inactive', { detail: 'it is disabled' })
  checkNoToken(given)
  call.caller = await callerOf(accessKey, plane)
}

async function identifyByToken(call: Call, plane: Plane, given: string): Promise<void> {
  const token = await plane.store.read.securityTokens.get(call.accessKeyId)
  if (!token) throw new ApiError('InvalidAccessKeyId.NotFound', { detail: 'there is no access key of this id' })
  await checkToken(given, token, plane)
  call.caller = await callerOfToken(token, plane)
}

/** With `auth` off: a known key stands for its holder, else the owner of the instance asked for is assumed. */
async function presume(call: Call, plane: Plane): Promise<void> {
  call.caller = (await knownCaller(call, plane)) ?? (await ownerOfInstance(call, plane))
}

async function knownCaller({ accessKeyId }: Call, plane: Plane): Promise<Caller | undefined> {
  const { read } = plane.store
  const accessKey = await read.accessKeys.get(accessKeyId)
  if (accessKey?.status === 'active') return callerOf(accessKey, plane)
  const token = await read.securityTokens.get(accessKeyId)
  return token && plane.clock.now() < token.expiresAt ? callerOfToken(token, plane) : undefined
}

async function ownerOfInstance({ parameters, operation }: Call, { store }: Plane): Promise<Caller> {
  const instance = await store.read.instances.get(textOf(parameters, operation?.instanceParameter ?? ''))
  return { accountId: instance?.accountId ?? 'unknown' }
}

/** Finds out who calls: the owner of an account, one of its RAM users, or who has temporary credentials of them. */
export const accessKey = gatewayStep({
  name: 'access-key',
  after: 'operation',
  errors: [
    'MissingAccessKeyId',
    'IncompleteSignature',
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'MissingSecurityToken',
    'InvalidSecurityToken.Malformed',
    'InvalidSecurityToken.Expired',
  ],
  check(call, plane, request) {
    call.accessKeyId = accessKeyIdOf(call)
    if (plane.settings.auth === 'off') return presume(call, plane)
    checkPresent(call)
    return identify(call, plane, givenToken(call, request))
  },
})
