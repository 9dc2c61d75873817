import { ApiError } from '../api-error.ts'
import { bodyHash, signatureV3, stringToSignV3, unsignedHeader } from '../signature/acs3.ts'
import { textOf, type Parameters } from '../signature/form-parameters.ts'
import { signatureV1, stringToSignV1 } from '../signature/hmac-sha1.ts'
import { percentEncode } from '../signature/percent-encoding.ts'
import { isSameText } from '../signature/same-text.ts'
import { found, type Call } from './call.ts'
import { gatewayStep, type StepRequest } from './gateway-step.ts'
import type { Plane } from './plane.ts'
import { nonceUsed } from './time-and-nonce.ts'

/** A time in seconds may be that much before the moment it was read at. */
const secondMs = 1_000

/** Longest text to sign that is told: any right call's is shorter, and a wrong one's may be megabytes. */
const maxEchoed = 64 * 1024

const echoed = (text: string) => (text.length <= maxEchoed ? text : `${text.slice(0, maxEchoed)}…`)

const mandatoryInV1 = ['SignatureMethod', 'SignatureVersion', 'Signature'] as const

function checkV1Method(call: Call): void {
  for (const name of mandatoryInV1) {
    if (textOf(call.parameters, name) === '')
      throw new ApiError(`Missing${name}`, { detail: `the call has no ${name}` })
  }
  const method = textOf(call.parameters, 'SignatureMethod')
  const version = textOf(call.parameters, 'SignatureVersion')
  const type = textOf(call.parameters, 'SignatureType') // the Python core sends it empty
  if (method === 'HMAC-SHA1' && version === '1.0' && type === '') return
  throw new ApiError('InvalidSignatureMethod', { detail: 'the only V1 signature is HMAC-SHA1, version 1.0, no type' })
}

function verifyV1(call: Call, method: string, secret: string): void {
  checkV1Method(call)
  const stringToSign = stringToSignV1(method, call.parameters)
  if (isSameText(signatureV1(secret, stringToSign), textOf(call.parameters, 'Signature'))) return
  throw new ApiError('SignatureDoesNotMatch', {
    detail: `the V1 signature is not the one the secret of ${call.accessKeyId} makes`,
    // the Python and Java cores compare what follows the first colon with their own text
    message: `Specified signature is not matched with our calculation. server string to sign is:${echoed(stringToSign)}`,
  })
}

/** Whether the vendor's own SDKs sign another text than the documented one. LIMITS A-70 */
function hasOddName(query: Parameters): boolean {
  return Object.keys(query).some((name) => percentEncode(name) !== name)
}

function verifyV3(call: Call, request: StepRequest, secret: string): void {
  const { headers, method } = request
  const { signedHeaders, signature } = found(call.authorization, 'the authorization')
  const unsigned = unsignedHeader({ headers, signedHeaders })
  if (unsigned !== undefined) {
    const detail = `the header ${unsigned.slice(0, 128)} is not in SignedHeaders`
    throw new ApiError('IncompleteSignature', { detail, cause: 'signed-headers-incomplete' })
  }
  const hash = call.bodyHash ?? bodyHash(call.body)
  const stringToSign = stringToSignV3({ method, query: call.query, headers, signedHeaders, bodyHash: hash })
  const bodyDiffers = (headers['x-acs-content-sha256'] ?? hash) !== hash
  if (!bodyDiffers && isSameText(signatureV3(secret, stringToSign), signature)) return
  throw new ApiError('SignatureDoesNotMatch', {
    detail: bodyDiffers
      ? 'x-acs-content-sha256 is not the hash of the body'
      : `the V3 signature is not the one the secret of ${call.accessKeyId} makes`,
    cause: bodyDiffers ? 'body-hash-mismatch' : 'signature-mismatch',
    restsOn: hasOddName(call.query) ? ['A-70'] : [],
    message: `Specified signature does not match our calculation. server StringToSign is [${stringToSign}]`,
  })
}

function consumeNonce(call: Call, { nonces, assume }: Plane): void {
  const outcome = nonces.remember(call.accessKeyId, call.nonce, call.timestamp)
  if (outcome === 'used') throw nonceUsed()
  if (outcome === 'full') {
    throw new ApiError('ServiceUnavailable', { detail: 'too many nonces are remembered already', restsOn: ['A-68'] })
  }
  if (call.timestamp < nonces.since - secondMs) assume('A-67', call.action) // it may have been made before
}

/** Verifies the signature with the secret of the access key, and consumes the nonce. */
export const signature = gatewayStep({
  name: 'signature',
  after: 'time-and-nonce',
  errors: [
    'MissingSignatureMethod',
    'MissingSignatureVersion',
    'MissingSignature',
    'InvalidSignatureMethod',
    'IncompleteSignature',
    'SignatureDoesNotMatch',
    'SignatureNonceUsed',
    'ServiceUnavailable',
  ],
  check(call, plane, request) {
    if (plane.settings.auth === 'off') return
    const { secret } = found(call.caller?.accessKey, 'the access key')
    if (call.scheme === 'V1') verifyV1(call, request.method, secret)
    else verifyV3(call, request, secret)
    consumeNonce(call, plane)
  },
})
