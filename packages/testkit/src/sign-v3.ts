import { createHash, createHmac } from 'node:crypto'
import { canonicalPairs } from './percent-encoding.ts'

/** What signature V3 (ACS3-HMAC-SHA256) is computed from. */
export interface V3Request {
  method: 'GET' | 'POST'
  /** `/` for this API, and without a value. */
  path?: string
  query: Readonly<Record<string, string>>
  /** Every header of the request; those that must be signed are picked here. */
  headers: Readonly<Record<string, string>>
  body: string | Uint8Array
  accessKeyId: string
  accessKeySecret: string
}

/** The signature, what it was computed from, and the header that carries it. */
export interface V3Signature {
  canonicalRequest: string
  /** Lower-case hex of the canonical request's SHA-256. */
  requestHash: string
  /** Lower-case hex. */
  signature: string
  /** Value of the `Authorization` header. */
  authorization: string
}

const algorithm = 'ACS3-HMAC-SHA256'

/** Lower-case hex of the SHA-256, as `x-acs-content-sha256` carries it. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Signs a request as the vendor's V3 page tells: host, content-type and every x-acs-* header are signed. */
export function signV3(request: V3Request): V3Signature {
  const signedHeaders = headersToSign(request.headers)
  const names = signedHeaders.map(([name]) => name).join(';')
  const canonicalRequest = [
    request.method,
    request.path ?? '/',
    canonicalPairs(request.query),
    signedHeaders.map(([name, value]) => `${name}:${value.trim()}\n`).join(''),
    names,
    sha256Hex(request.body),
  ].join('\n')
  const requestHash = sha256Hex(canonicalRequest)
  const stringToSign = `${algorithm}\n${requestHash}`
  const signature = createHmac('sha256', request.accessKeySecret).update(stringToSign).digest('hex')
  const authorization = `${algorithm} Credential=${request.accessKeyId},SignedHeaders=${names},Signature=${signature}`
  return { canonicalRequest, requestHash, signature, authorization }
}

function headersToSign(headers: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith('x-acs-') || name === 'host' || name === 'content-type')
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
