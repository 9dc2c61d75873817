import { ApiError } from '../api-error.ts'
import { declinedOperations } from '../operations/declined.ts'
import type { Operation } from '../operations/define-operation.ts'
import { operations } from '../operations/index.ts'
import { textOf } from '../signature/form-parameters.ts'
import type { Call } from './call.ts'
import { gatewayStep, type StepRequest } from './gateway-step.ts'

/** The version of the API. */
export const apiVersion = '2020-04-20'

const operationByAction = new Map(operations.map((operation) => [operation.action, operation]))

/** V3 names them in headers and nowhere else, V1 in parameters and nowhere else. */
function named(call: Call, request: StepRequest, header: string, parameter: string): string {
  if (call.scheme === 'V1') return textOf(call.parameters, parameter)
  const value = request.headers[header]
  return typeof value === 'string' ? value : ''
}

/** Each page lists the methods, and parameters in the query; generic clients send all of them either way. LIMITS A-30 */
function isUndocumentedPlace(call: Call, { methods }: Operation, method: string): boolean {
  return call.parameters !== call.query || !methods.some((one) => one === method)
}

/** Finds the operation of a call and checks the version it asks for. */
export const operation = gatewayStep({
  name: 'operation',
  after: 'rpc',
  errors: ['MissingAction', 'MissingVersion', 'InvalidVersion', 'InvalidAction.NotFound'],
  check(call, { assume }, request) {
    call.action = named(call, request, 'x-acs-action', 'Action')
    const version = named(call, request, 'x-acs-version', 'Version')
    if (call.action === '') throw new ApiError('MissingAction', { detail: 'the call names no action' })
    if (version === '') throw new ApiError('MissingVersion', { detail: 'the call names no version' })
    if (version !== apiVersion) throw new ApiError('InvalidVersion', { detail: `the only version is ${apiVersion}` })
    call.operation = operationByAction.get(call.action)
    if (call.operation && isUndocumentedPlace(call, call.operation, request.method)) assume('A-30', call.action)
    if (call.operation || Object.hasOwn(declinedOperations, call.action)) return
    throw new ApiError('InvalidAction.NotFound', { detail: `OnsMqtt ${apiVersion} has no such operation` })
  },
})
