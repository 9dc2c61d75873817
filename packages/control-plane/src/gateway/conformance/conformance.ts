import type { Operation } from '../../operations/define-operation.ts'
import { signedHeadersOf } from '../../signature/signed-headers.ts'
import { found, type Call } from '../call.ts'
import { gatewayStep, type StepRequest } from '../gateway-step.ts'
import type { Deviation } from './deviation-table.ts'
import { isRead, suggestionFor } from './known-parameters.ts'

function lookAtParameters(seen: Deviation[], { parameters, scheme }: Call, operation: Operation): void {
  for (const name in parameters) {
    if (typeof parameters[name] !== 'string') seen.push({ kind: 'repeated-parameter', about: name })
    if (isRead(name, scheme, operation)) continue
    seen.push({ kind: 'unread-parameter', about: name, suggest: () => suggestionFor(name, parameters, operation) })
  }
}

function lookAtPlace(seen: Deviation[], call: Call, { methods }: Operation, method: string): void {
  if (!methods.some((one) => one === method)) {
    seen.push({ kind: 'undocumented-method', about: method, suggest: () => methods.join(' or ') })
  }
  if (call.parameters !== call.query) {
    seen.push({ kind: 'undocumented-place', about: 'form', suggest: () => 'query' })
  }
}

/** V3 asks for the names in lower case, sorted. */
function isInOrder(names: readonly string[]): boolean {
  return names.every((name, at) => name === name.toLowerCase() && (at === 0 || names[at - 1]! < name))
}

function lookAtSignedHeaders(seen: Deviation[], { authorization }: Call, { headers }: StepRequest): void {
  if (authorization === undefined) return
  const { inOrder: names, all } = signedHeadersOf(authorization.signedHeaders)
  if (!isInOrder(names)) {
    const inOrder = () => [...new Set(names.map((name) => name.toLowerCase()))].sort().join(';')
    seen.push({ kind: 'signed-headers', about: authorization.signedHeaders, suggest: inOrder })
  }
  if (headers['content-type'] !== undefined && !all.has('content-type')) {
    seen.push({ kind: 'signed-headers', about: 'content-type is not signed' })
  }
}

function clientOf({ headers }: StepRequest): string {
  const named = headers['user-agent'] ?? headers['x-sdk-client']
  return typeof named === 'string' ? named.trim() : ''
}

/**
 * Counts what a client sends and nobody reads, and where it sends otherwise than the pages say (features B7). Refuses
 * nothing. It comes behind signature and throttle, so that only who may call can fill the table.
 */
export const conformance = gatewayStep({
  name: 'conformance',
  after: 'throttle',
  errors: [],
  check(call, { deviations }, request) {
    const operation = found(call.operation, 'the operation')
    const seen: Deviation[] = []
    lookAtParameters(seen, call, operation)
    lookAtPlace(seen, call, operation, request.method)
    lookAtSignedHeaders(seen, call, request)
    if (seen.length === 0) return
    const { accessKeyId, action, requestId } = call
    const client = clientOf(request)
    for (const one of seen) deviations.count({ accessKeyId, action, requestId, client }, one)
  },
})
