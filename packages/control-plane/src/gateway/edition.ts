import type { Instance } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import type { Operation } from '../operations/define-operation.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'

/** The pages disagree whether editions besides Platinum have the certificate operations. LIMITS A-11 */
function checkEdition({ id, edition }: Instance, { settings, assume }: Plane): void {
  if (settings.editions.includes(edition)) {
    if (edition !== 'platinum') assume('A-11', id)
    return
  }
  const detail = `${id} is of the ${edition} edition, which does not have the operation`
  throw new ApiError('ApiNotSupport', { detail, cause: 'edition-unsupported', restsOn: ['A-11'] })
}

/** An older text ties an operation to an edition and a region, the newer page does not. LIMITS A-44 */
function checkBeta({ id, edition, regionId }: Instance, { editions, regions }: NonNullable<Operation['beta']>): void {
  if (editions.includes(edition) && regions.includes(regionId)) return
  const where = `${editions.join(', ')} instances in ${regions.join(', ')}`
  const detail = `${id} is of the ${edition} edition in ${regionId}, and the beta is on ${where} only`
  throw new ApiError('ApiNotSupport', { detail, cause: 'edition-unsupported', restsOn: ['A-44'] })
}

/** Checks that the edition of the instance has the operation; no page says what the service answers. */
export const edition = gatewayStep({
  name: 'edition',
  after: 'ram',
  errors: ['ApiNotSupport'],
  check(call, plane) {
    const { instance } = call
    if (instance === undefined) return
    const { editions, beta } = found(call.operation, 'the operation')
    if (editions === 'as-set') checkEdition(instance, plane)
    if (beta && plane.settings.closeConnection === 'beta') checkBeta(instance, beta)
  },
})
