import { ApiError } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep, type FieldValidator } from './gateway-step.ts'

const saysMissing = new Set(['required', 'minLength'])

function refusalOf(errors: FieldValidator['errors']): ApiError {
  const [first] = errors ?? []
  const field = first?.instancePath.slice(1)
  const detail = `${field ? `${field} ` : ''}${first?.message ?? 'the parameters do not fit'}`
  if (first && saysMissing.has(first.keyword)) return new ApiError('ParameterFieldCheckFailed', { detail })
  return new ApiError('ParameterFieldCheckFailed', { detail, status: 500, cause: 'parameter-invalid' })
}

/**
 * Checks the parameters of the operation. vendor: the page lists ParameterFieldCheckFailed with 400 and with 500; here
 * 400 is a parameter that is missing or empty, 500 one that fails its own check.
 */
export const parameters = gatewayStep({
  name: 'parameters',
  after: 'throttle',
  errors: ['ParameterFieldCheckFailed'],
  check(call, _plane, request) {
    const validate = request.compileValidationSchema(found(call.operation, 'the operation').params)
    if (validate(call.parameters) === false) throw refusalOf(validate.errors)
  },
})
