import { sha256Hex, signV3 } from './sign-v3.ts'
import { signV1 } from './sign-v1.ts'
import { canonicalPairs } from './percent-encoding.ts'

/** One call of the API and everything that its bytes depend on. */
export interface CallDescription {
  action: string
  parameters: Readonly<Record<string, string>>
  signature: 'V1' | 'V3'
  method: 'GET' | 'POST'
  /** Where the parameters travel; `form` needs POST. V1 puts the common ones there too. */
  placement: 'query' | 'form'
  /** Value of the Host header, port included. */
  host: string
  accessKeyId: string
  accessKeySecret: string
  /** Wall-clock milliseconds of the signature. */
  at: number
  nonce: string
  /** 2020-04-20 without a value. */
  version?: string
  securityToken?: string
}

/** An HTTP request, ready to be sent as it is. */
export interface SignedRequest {
  method: 'GET' | 'POST'
  /** Path and query. */
  path: string
  headers: Record<string, string>
  /** Empty where there is none. */
  body: string
}

const formType = 'application/x-www-form-urlencoded'

/** Builds the signed HTTP request of a call; pure, so that requests can be made ahead, repeated or spoilt. */
export function signedRequest(call: CallDescription): SignedRequest {
  if (call.placement === 'form' && call.method !== 'POST') throw new TypeError('a form needs method POST')
  return call.signature === 'V1' ? v1Request(call) : v3Request(call)
}

function v1Request(call: CallDescription): SignedRequest {
  const unsigned = {
    ...call.parameters,
    Action: call.action,
    Version: call.version ?? '2020-04-20',
    Format: 'JSON',
    AccessKeyId: call.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: call.nonce,
    Timestamp: isoSeconds(call.at),
    ...(call.securityToken ? { SecurityToken: call.securityToken } : {}),
  }
  const { signature } = signV1({ method: call.method, parameters: unsigned, accessKeySecret: call.accessKeySecret })
  const pairs = canonicalPairs({ ...unsigned, Signature: signature })
  const headers = { host: call.host, 'x-acs-action': call.action, 'x-acs-version': unsigned.Version }
  return place(call, pairs, headers)
}

function v3Request(call: CallDescription): SignedRequest {
  const pairs = canonicalPairs(call.parameters)
  const body = call.placement === 'form' ? pairs : ''
  const headers = {
    host: call.host,
    accept: 'application/json',
    'x-acs-action': call.action,
    'x-acs-version': call.version ?? '2020-04-20',
    'x-acs-date': isoSeconds(call.at),
    'x-acs-signature-nonce': call.nonce,
    'x-acs-content-sha256': sha256Hex(body),
    ...(call.securityToken ? { 'x-acs-security-token': call.securityToken } : {}),
    ...(body ? { 'content-type': formType } : {}),
  }
  const query = call.placement === 'query' ? call.parameters : {}
  const { accessKeyId, accessKeySecret, method } = call
  const { authorization } = signV3({ method, query, headers, body, accessKeyId, accessKeySecret })
  return place(call, pairs, { ...headers, authorization })
}

function place(call: CallDescription, pairs: string, headers: Record<string, string>): SignedRequest {
  const body = call.placement === 'form' ? pairs : ''
  const path = call.placement === 'query' && pairs ? `/?${pairs}` : '/'
  const length: Record<string, string> =
    call.method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  const type: Record<string, string> = body ? { 'content-type': formType } : {}
  return { method: call.method, path, headers: { ...headers, ...type, ...length }, body }
}

function isoSeconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}
