import { createHmac } from 'node:crypto'
import { canonicalPairs } from './canonical-pairs.ts'
import type { Parameters } from './form-parameters.ts'
import { percentEncode } from './percent-encoding.ts'

/**
 * The text that signature V1 signs (RPC request signatures, SignatureVersion 1.0): every parameter of query and form
 * but `Signature`, empty ones included. The host is not part of it.
 */
export function stringToSignV1(method: string, parameters: Parameters): string {
  return `${method}&%2F&${percentEncode(canonicalPairs(parameters, 'Signature'))}`
}

/** Base64 of the HMAC-SHA1 under the secret followed by `&`. */
export function signatureV1(secret: string, stringToSign: string): string {
  return createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64')
}
