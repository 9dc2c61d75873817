import { ApiError } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** Checks that the instance belongs to the account of the caller. */
export const owner = gatewayStep({
  name: 'owner',
  after: 'instance',
  errors: ['MqttOwnerCheckError'],
  check(call) {
    const { id, accountId } = found(call.instance, 'the instance')
    const caller = found(call.caller, 'the caller')
    if (caller.accountId === accountId) return
    throw new ApiError('MqttOwnerCheckError', { detail: `${id} does not belong to account ${caller.accountId}` })
  },
})
