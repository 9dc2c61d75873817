import { createHmac } from 'node:crypto'
import { canonicalPairs, percentEncode } from './percent-encoding.ts'

/** What signature V1 (SignatureVersion=1.0, HMAC-SHA1) is computed from. */
export interface V1Request {
  /** The real HTTP method. */
  method: 'GET' | 'POST'
  /** Every parameter of query and form; a `Signature` among them is left out. */
  parameters: Readonly<Record<string, string>>
  accessKeySecret: string
}

/** The signature and the text it was computed from. */
export interface V1Signature {
  stringToSign: string
  /** Base64. */
  signature: string
}

/** Signs an RPC request as the vendor's signature page tells for SignatureVersion 1.0. */
export function signV1({ method, parameters, accessKeySecret }: V1Request): V1Signature {
  const { Signature: _, ...signed } = parameters
  const stringToSign = `${method}&${percentEncode('/')}&${percentEncode(canonicalPairs(signed))}`
  const signature = createHmac('sha1', `${accessKeySecret}&`).update(stringToSign).digest('base64')
  return { stringToSign, signature }
}
