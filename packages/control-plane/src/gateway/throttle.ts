import { ApiError } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** Counts the call to its account and operation, and refuses it above the limit. LIMITS */
export const throttle = gatewayStep({
  name: 'throttle',
  after: 'declined',
  errors: ['Throttling.User'],
  check(call, plane) {
    const { accountId } = found(call.caller, 'the caller')
    const decision = plane.throttle.admit(accountId, call.action)
    call.decision = decision
    if (decision.admitted) return
    const { assumed } = found(call.operation, 'the operation').quota
    throw new ApiError('Throttling.User', {
      ...(assumed && { restsOn: [assumed] }),
      detail: `account ${accountId} made ${decision.limit} calls within a second; wait ${decision.retryAfterMs} ms`,
    })
  },
})
