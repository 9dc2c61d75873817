import { ApiError } from '../api-error.ts'
import { httpsOnlyDeclined } from '../operations/declined.ts'
import type { Call } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

function isHttpsOnly({ operation, action }: Call): boolean {
  return operation ? operation.httpsOnly === true : httpsOnlyDeclined.has(action)
}

/** Checks that an operation documented for HTTPS only came over it, where the setting asks for that. LIMITS A-43 */
export const transport = gatewayStep({
  name: 'transport',
  after: 'signature',
  errors: ['InvalidProtocol.NeedSsl'],
  check(call, { settings, assume }) {
    if (call.secure || !isHttpsOnly(call)) return
    if (settings.httpsOnly === 'enforce') {
      throw new ApiError('InvalidProtocol.NeedSsl', { detail: 'the operation is documented for HTTPS only' })
    }
    if (call.operation) assume('A-43', call.action)
  },
})
