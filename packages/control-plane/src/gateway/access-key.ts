import type { AccessKey } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import type { Call, Caller } from './call.ts'
import { gatewayStep, type StepRequest } from './gateway-step.ts'
import type { Plane } from './plane.ts'

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

function checkNoToken(call: Call, request: StepRequest): void {
  const token =
    call.scheme === 'V3' ? request.headers['x-acs-security-token'] : textOf(call.parameters, 'SecurityToken')
  if (!token) return
  throw new ApiError('InvalidSecurityToken.Malformed', { detail: 'the emulator has issued no security token' })
}

async function callerOf(accessKey: AccessKey, { store }: Plane): Promise<Caller> {
  const { accountId, userId } = accessKey
  if (userId === null) return { accountId, accessKey }
  const user = await store.read.users.get(userId)
  if (user) return { accountId, accessKey, user }
  throw new ApiError('InvalidAccessKeyId.NotFound', { detail: `the RAM user of ${accessKey.id} is gone` })
}

async function identify(call: Call, plane: Plane): Promise<void> {
  const accessKey = await plane.store.read.accessKeys.get(call.accessKeyId)
  if (!accessKey) throw new ApiError('InvalidAccessKeyId.NotFound', { detail: 'there is no access key of this id' })
  if (accessKey.status !== 'active') throw new ApiError('InvalidAccessKeyId.Inactive', { detail: 'it is disabled' })
  call.caller = await callerOf(accessKey, plane)
}

/** With `auth` off: a known key stands for its holder, else the owner of the instance asked for is assumed. */
async function presume(call: Call, plane: Plane): Promise<void> {
  const accessKey = await plane.store.read.accessKeys.get(call.accessKeyId)
  if (accessKey?.status === 'active') {
    call.caller = await callerOf(accessKey, plane)
    return
  }
  const instance = await plane.store.read.instances.get(textOf(call.parameters, 'MqttInstanceId'))
  call.caller = { accountId: instance?.accountId ?? 'unknown' }
}

/** Finds out who calls: the owner of an account or one of its RAM users. */
export const accessKey = gatewayStep({
  name: 'access-key',
  after: 'operation',
  errors: [
    'MissingAccessKeyId',
    'IncompleteSignature',
    'InvalidSecurityToken.Malformed',
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
  ],
  check(call, plane, request) {
    call.accessKeyId = accessKeyIdOf(call)
    if (plane.settings.auth === 'off') return presume(call, plane)
    checkPresent(call)
    checkNoToken(call, request)
    return identify(call, plane)
  },
})
