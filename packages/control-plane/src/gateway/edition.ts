import { ApiError } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** Checks that the edition of the instance has the operation; no page says what the service answers. LIMITS A-11 */
export const edition = gatewayStep({
  name: 'edition',
  after: 'ram',
  errors: ['ApiNotSupport'],
  check({ instance, operation }, { settings, assume }) {
    if (instance === undefined || found(operation, 'the operation').editions === 'all') return
    if (settings.editions.includes(instance.edition)) {
      if (instance.edition !== 'platinum') assume('A-11', instance.id) // the pages disagree about the others
      return
    }
    const detail = `${instance.id} is of the ${instance.edition} edition, which does not have the operation`
    throw new ApiError('ApiNotSupport', { detail, cause: 'edition-unsupported', restsOn: ['A-11'] })
  },
})
