import type { TouchAssumption } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import { acs3Algorithm, parseAcs3Authorization } from '../signature/acs3.ts'
import {
  maxParameters,
  mergeParameters,
  parseParameters,
  textOf,
  type Parameters,
} from '../signature/form-parameters.ts'
import type { Call } from './call.ts'
import { gatewayStep, type StepRequest } from './gateway-step.ts'
import { renderings } from './rendering.ts'

const formContentType = /^application\/x-www-form-urlencoded *(;|$)/i

/**
 * Longest form that is decoded. Bodies may have 10 MB, but no operation takes a tenth of this, and decoding and
 * encoding megabytes for a signature would keep every other caller waiting: each byte may become 15 of the text to sign.
 * LIMITS A-69
 */
export const maxFormBytes = 128 * 1024

function parsed(wire: string): Parameters {
  const parameters = parseParameters(wire)
  if (parameters) return parameters
  throw new ApiError('RequestTooLarge', { detail: `the request has more than ${maxParameters} parameters` })
}

function headerText(request: StepRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

function readParameters(call: Call, request: StepRequest): void {
  const url = request.raw.url ?? ''
  const at = url.indexOf('?')
  call.query = at < 0 ? call.query : parsed(url.slice(at + 1))
  call.parameters = call.query
  if (call.body.length > 0 && formContentType.test(headerText(request, 'content-type'))) {
    call.parameters = mergeParameters(call.query, parsed(formText(call.body)))
  }
}

function formText(body: Buffer): string {
  if (body.length <= maxFormBytes) return body.toString('latin1')
  throw new ApiError('RequestTooLarge', { detail: `the form is larger than ${maxFormBytes} bytes` })
}

/** V3 says so in the Authorization header; a V1 call may carry x-acs-* headers too, which nothing signs. */
function isV3(call: Call, request: StepRequest): boolean {
  if (headerText(request, 'authorization').startsWith(acs3Algorithm)) return true
  const looksLikeV1 = call.parameters.Signature !== undefined || call.parameters.Action !== undefined
  return !looksLikeV1 && headerText(request, 'x-acs-action') !== ''
}

/** JSON where V1 names no format; what V3 names as a parameter counts, its Accept header does not. LIMITS */
function settleFormat(call: Call, assume: TouchAssumption): void {
  const format = textOf(call.parameters, 'Format')
  if (format === '') {
    if (call.scheme === 'V1') assume('A-54', textOf(call.parameters, 'Action').slice(0, 64))
    return
  }
  const rendering = renderings.get(format.toLowerCase()) // the Tea cores send it in lower case
  if (!rendering) throw new ApiError('InvalidParameter.Format', { detail: 'an answer can be had in JSON and in XML' })
  if (call.scheme === 'V3') assume('A-56', 'Format in a V3 call')
  call.rendering = rendering
}

/** Reads query and form into one map, tells the signature scheme, and settles the format of the answer. */
export const rpc = gatewayStep({
  name: 'rpc',
  after: 'pause',
  errors: ['RequestTooLarge', 'InvalidParameter.Format'],
  check(call, { assume }, request) {
    readParameters(call, request)
    if (isV3(call, request)) {
      call.scheme = 'V3'
      call.authorization = parseAcs3Authorization(headerText(request, 'authorization'))
    }
    settleFormat(call, assume)
  },
})
