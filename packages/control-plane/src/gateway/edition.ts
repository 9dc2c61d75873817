import { ApiError } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** Checks that the edition of the instance has the operation; no page says what the service answers. LIMITS A-11 */
export const edition = gatewayStep({
  name: 'edition',
  after: 'ram',
  errors: ['ApiNotSupport'],
  check(call) {
    const { id, edition: has } = found(call.instance, 'the instance')
    if (found(call.operation, 'the operation').editions.includes(has)) return
    const detail = `${id} is of the ${has} edition, which does not have the operation`
    throw new ApiError('ApiNotSupport', { detail, cause: 'edition-unsupported', restsOn: ['A-11'] })
  },
})
