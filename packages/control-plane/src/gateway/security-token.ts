import type { SecurityToken } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import { isSameText } from '../signature/same-text.ts'
import type { Call, Caller } from './call.ts'
import type { StepRequest } from './gateway-step.ts'
import type { Plane } from './plane.ts'

/** The security token of a call, empty where it has none: a header that V3 signs, a parameter that V1 signs. */
export function givenToken(call: Call, request: StepRequest): string {
  if (call.scheme === 'V1') return textOf(call.parameters, 'SecurityToken')
  const value = request.headers['x-acs-security-token']
  return typeof value === 'string' ? value : ''
}

/** An AccessKey pair that is not temporary has no token. LIMITS A-46 */
export function checkNoToken(token: string): void {
  if (token === '') return
  throw new ApiError('InvalidSecurityToken.MismatchWithAccessKey', {
    detail: 'a security token came with an AccessKey pair that is not temporary',
  })
}

/** Checks the token that came with temporary credentials, then whether they are still good. LIMITS A-46 */
export async function checkToken(given: string, wanted: SecurityToken, { store, clock }: Plane): Promise<void> {
  const { accessKeyId, token, expiresAt } = wanted
  if (given === '') throw new ApiError('MissingSecurityToken', { detail: `${accessKeyId} came without its token` })
  if (!isSameText(token, given)) {
    const isOthers = (await store.read.securityTokens.count('byToken', given)) > 0
    throw isOthers
      ? new ApiError('InvalidSecurityToken.MismatchWithAccessKey', { detail: `the token is not of ${accessKeyId}` })
      : new ApiError('InvalidSecurityToken.Malformed', { detail: 'there is no security token of this text' })
  }
  if (clock.now() < expiresAt) return
  const since = new Date(expiresAt).toISOString()
  throw new ApiError('InvalidSecurityToken.Expired', { detail: `the security token expired at ${since}` })
}

/** Whose permissions a token has, as they are now. */
export async function callerOfToken(token: SecurityToken, { store }: Plane): Promise<Caller> {
  const { accountId, holder, accessKeyId: id, secret } = token
  const caller = { accountId, accessKey: { id, secret }, token }
  const gone = (who: string): Caller => ({ ...caller, gone: `${who}, whose security token it is, is gone` })
  if (!(await store.read.accounts.get(accountId))) return gone(`account ${accountId}`)
  if (holder.kind === 'owner') return caller
  if (holder.kind === 'user') {
    const user = await store.read.users.get(holder.userId)
    return user ? { ...caller, user } : gone(`RAM user ${holder.userId}`)
  }
  const role = await store.read.roles.get(holder.roleId)
  return role ? { ...caller, role } : gone(`role ${holder.roleId}`)
}
