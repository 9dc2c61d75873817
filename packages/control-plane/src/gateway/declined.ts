import { ApiError } from '../api-error.ts'
import { declinedOperations } from '../operations/declined.ts'
import { gatewayStep } from './gateway-step.ts'

/** Declines by name what the vendor has and the emulator does not serve; the log says why. */
export const declined = gatewayStep({
  name: 'declined',
  after: 'transport',
  errors: ['ApiNotSupport'],
  check(call) {
    if (!call.operation) throw new ApiError('ApiNotSupport', { detail: declinedOperations[call.action]! })
  },
})
