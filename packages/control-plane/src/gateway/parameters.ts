import { refusedAs, type ApiError } from '../api-error.ts'
import type { Operation } from '../operations/define-operation.ts'
import { found } from './call.ts'
import { gatewayStep, type FieldValidator } from './gateway-step.ts'

const saysMissing = new Set(['required', 'minLength'])

/** What the vendor calls a parameter: the name of the list where it is one of its numbers. */
const nameOf = (field: string) => field.split('.', 1)[0]!

function refusalOf({ wording }: Operation, errors: FieldValidator['errors']): ApiError {
  const [first] = errors ?? []
  const field = first?.instancePath.slice(1) ?? ''
  const detail = `${field && `${field} `}${first?.message ?? 'the parameters do not fit'}`
  if (first && saysMissing.has(first.keyword)) {
    return refusedAs(wording.parameterMissing, { detail, cause: 'parameter-missing' })
  }
  return refusedAs(wording.parameterInvalid, { detail, cause: 'parameter-invalid', about: nameOf(field) })
}

/**
 * Checks the parameters of the operation. vendor: each family of pages lists two refusals and does not say when which
 * is due; here one is for a parameter that is missing or empty, the other for one that fails its own check. LIMITS A-37
 */
export const parameters = gatewayStep({
  name: 'parameters',
  after: 'conformance',
  errors: ['ParameterFieldCheckFailed', 'ParameterCheckFailed', 'InvalidParameter.%s'],
  check(call, _plane, request) {
    const operation = found(call.operation, 'the operation')
    const validate = request.compileValidationSchema(operation.params)
    if (validate(call.parameters) === false) throw refusalOf(operation, validate.errors)
  },
})
