import { createHash, createHmac } from 'node:crypto'

/** How a request is signed and where its parameters stand. */
export interface Dialect {
  signature: 'V1' | 'V3'
  method: 'GET' | 'POST'
  placement: 'query' | 'form'
}

/** Every dialect that clients use. */
export const dialects: readonly Dialect[] = (['V1', 'V3'] as const).flatMap((signature) => [
  { signature, method: 'GET', placement: 'query' },
  { signature, method: 'POST', placement: 'query' },
  { signature, method: 'POST', placement: 'form' },
])

/** What `inject` and a raw socket are given. */
export interface WireRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  payload: string
}

/** One call to sign. */
export interface CallToSign {
  action: string
  parameters: Record<string, string>
  key: { id: string; secret: string }
  /** Wall-clock milliseconds. */
  at: number
  nonce: string
  /** Replace or add common parameters (V1) or headers (V3) before signing; undefined leaves one out. */
  common?: Record<string, string | undefined>
  dialect?: Dialect
  /** A body that is no form, with V3 and parameters in the query. */
  payload?: string
}

const host = 'onsmqtt.cn-hangzhou.aliyuncs.com'
const formType = 'application/x-www-form-urlencoded'

/** RFC 3986 encoding, written anew so that the tests do not share the code they test. */
export function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) =>
      /[A-Za-z0-9\-_.~]/.test(char) ? char : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
}

const encodePairs = (pairs: Record<string, string | undefined>) =>
  Object.entries(pairs)
    .flatMap(([name, value]) => (value === undefined ? [] : [[encode(name), encode(value)] as const]))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const second = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

function place(dialect: Dialect, pairs: string, headers: Record<string, string>, payload = ''): WireRequest {
  const { method, placement } = dialect
  if (placement === 'query') return { method, url: `/?${pairs}`, headers, payload }
  return { method, url: '/', headers: { ...headers, 'content-type': formType }, payload: pairs }
}

function signV1(call: CallToSign, dialect: Dialect): WireRequest {
  const pairs = encodePairs({
    ...call.parameters,
    Action: call.action,
    Version: '2020-04-20',
    Format: 'JSON',
    AccessKeyId: call.key.id,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: call.nonce,
    Timestamp: second(call.at),
    ...call.common,
  })
  const text = `${dialect.method}&%2F&${encode(pairs)}`
  const signature = createHmac('sha1', `${call.key.secret}&`).update(text).digest('base64')
  return place(dialect, `${pairs}&Signature=${encode(signature)}`, { host })
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function signV3(call: CallToSign, dialect: Dialect): WireRequest {
  const request = place(dialect, encodePairs(call.parameters), {}, call.payload)
  const headers = Object.fromEntries(
    Object.entries({
      host,
      'x-acs-action': call.action,
      'x-acs-version': '2020-04-20',
      'x-acs-date': second(call.at),
      'x-acs-signature-nonce': call.nonce,
      'x-acs-content-sha256': sha256(request.payload),
      ...request.headers,
      ...call.common,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const names = Object.keys(headers).sort()
  const query = request.url.split('?')[1] ?? ''
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonical = [dialect.method, '/', query, lines, names.join(';'), sha256(request.payload)].join('\n')
  const signature = createHmac('sha256', call.key.secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex')
  const authorization = `ACS3-HMAC-SHA256 Credential=${call.key.id},SignedHeaders=${names.join(';')},Signature=${signature}`
  return { ...request, headers: { ...headers, authorization } }
}

/** Signs a call as a client would; POST with V1 and parameters in the query where nothing is said. */
export function signRequest(call: CallToSign): WireRequest {
  const dialect = call.dialect ?? { signature: 'V1', method: 'POST', placement: 'query' }
  return dialect.signature === 'V1' ? signV1(call, dialect) : signV3(call, dialect)
}
