import { createHmac, hash } from 'node:crypto'
import { canonicalPairs } from './canonical-pairs.ts'
import type { Parameters } from './form-parameters.ts'
import { signedHeadersOf } from './signed-headers.ts'

/** What the `Authorization` header of a V3 request says. */
export interface Acs3Authorization {
  accessKeyId: string
  /** As on the wire: lower-case names joined with `;`. */
  signedHeaders: string
  signature: string
}

/** Name of the scheme, as the header begins and the text to sign does. */
export const acs3Algorithm = 'ACS3-HMAC-SHA256'

const authorizationText = /^ACS3-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/

/** Reads `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`; undefined when it is anything else. */
export function parseAcs3Authorization(header: string): Acs3Authorization | undefined {
  const [, accessKeyId, signedHeaders, signature] = authorizationText.exec(header) ?? []
  if (!accessKeyId || !signedHeaders || !signature) return undefined
  return { accessKeyId, signedHeaders, signature }
}

/** SHA-256 of nothing: the body hash of most calls. */
export const emptyBodyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Lower-case hex SHA-256 of the body, after any chunking is undone. */
export function bodyHash(body: Buffer): string {
  return body.length === 0 ? emptyBodyHash : hash('sha256', body)
}

/** The parts of a request that signature V3 covers. */
export interface Acs3Request {
  method: string
  /** Of the query only: a form is covered by the body's hash. */
  query: Parameters
  headers: Record<string, string | string[] | undefined>
  signedHeaders: string
  bodyHash: string
}

/** What of a request must be signed but is not: `host`, or an `x-acs-*` header that is present. */
export function unsignedHeader(request: Pick<Acs3Request, 'headers' | 'signedHeaders'>): string | undefined {
  const { all: signed } = signedHeadersOf(request.signedHeaders)
  if (!signed.has('host')) return 'host'
  for (const name in request.headers) if (name.startsWith('x-acs-') && !signed.has(name)) return name
  return undefined
}

/** [RFC 9110 5.5] What may stand around a value and is not part of it; `trim` would take a no-break space for it too. */
const aroundValue = /^[ \t]+|[ \t]+$/g

const isBlank = (value: string, at: number) => value[at] === ' ' || value[at] === '\t'

/** Nearly every value comes without: Node's parser leaves it out. */
function trimmed(value: string): string {
  return isBlank(value, 0) || isBlank(value, value.length - 1) ? value.replace(aroundValue, '') : value
}

function canonicalHeaders({ headers, signedHeaders }: Acs3Request): string {
  let text = ''
  for (const name of signedHeadersOf(signedHeaders).inOrder) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    text += `${name}:${typeof value === 'string' ? trimmed(value) : ''}\n`
  }
  return text
}

/** The text that signature V3 signs: the scheme and the hash of the canonical request. */
export function stringToSignV3(request: Acs3Request): string {
  const canonicalRequest =
    `${request.method}\n/\n${canonicalPairs(request.query)}\n` +
    `${canonicalHeaders(request)}\n${request.signedHeaders}\n${request.bodyHash}`
  return `${acs3Algorithm}\n${hash('sha256', canonicalRequest)}`
}

/** Lower-case hex of the HMAC-SHA256 under the secret as it is. */
export function signatureV3(secret: string, stringToSign: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('hex')
}
