import { ApiError } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import { maxClockSkewMs, parseV1Timestamp, parseV3Date } from '../signature/timestamp.ts'
import type { Call } from './call.ts'
import { gatewayStep, type StepRequest } from './gateway-step.ts'

function v1Timestamp(call: Call): number {
  const text = textOf(call.parameters, 'Timestamp')
  if (text === '') throw new ApiError('MissingTimestamp', { detail: 'the call has no Timestamp' })
  const at = parseV1Timestamp(text)
  if (at !== undefined) return at
  throw new ApiError('InvalidTimeStamp.Format', { detail: 'the Timestamp is not yyyy-MM-ddTHH:mm:ssZ' })
}

function v3Timestamp(request: StepRequest): number {
  const text = request.headers['x-acs-date']
  const at = typeof text === 'string' ? parseV3Date(text) : undefined
  if (at !== undefined) return at
  throw new ApiError('IllegalTimestamp', { detail: 'x-acs-date is absent or not ISO 8601 in UTC' })
}

function nonceOf(call: Call, request: StepRequest): string {
  if (call.scheme === 'V1') return textOf(call.parameters, 'SignatureNonce')
  const value = request.headers['x-acs-signature-nonce']
  return typeof value === 'string' ? value : ''
}

/**
 * Checks that a call is of now and was not made before. The nonce is consumed only when the signature turns out
 * right: otherwise anyone could use up the nonces of others.
 */
export const timeAndNonce = gatewayStep({
  name: 'time-and-nonce',
  after: 'access-key',
  errors: [
    'MissingTimestamp',
    'InvalidTimeStamp.Format',
    'IllegalTimestamp',
    'InvalidTimeStamp.Expired',
    'MissingSignatureNonce',
    'SignatureNonceUsed',
  ],
  check(call, { settings, clock, nonces }, request) {
    if (settings.auth === 'off') return
    call.timestamp = call.scheme === 'V1' ? v1Timestamp(call) : v3Timestamp(request)
    const agoMs = clock.now() - call.timestamp
    if (Math.abs(agoMs) > maxClockSkewMs) {
      const away = `${Math.round(Math.abs(agoMs) / 1000)} seconds ${agoMs > 0 ? 'behind' : 'ahead of'} the clock`
      throw new ApiError('InvalidTimeStamp.Expired', { detail: `the time of the call is ${away}` })
    }
    call.nonce = nonceOf(call, request)
    if (call.nonce === '') throw new ApiError('MissingSignatureNonce', { detail: 'the call has no nonce' })
    if (nonces.has(call.accessKeyId, call.nonce)) throw nonceUsed()
  },
})

/** The refusal of a replayed call. */
export function nonceUsed(): ApiError {
  return new ApiError('SignatureNonceUsed', { detail: 'a call with this nonce was made before' })
}
