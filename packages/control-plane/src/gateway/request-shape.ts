import type { IncomingMessage } from 'node:http'
import { ApiError } from '../api-error.ts'

/** More header fields than any client sends; Node would drop those behind its own limit without a word. */
export const maxHeaderFields = 1_000

/** Fields of which Node keeps the first and drops the others, so that two readers could see two requests. */
const once = new Set(['host', 'authorization', 'content-type'])
const lengthsOfOnce = new Set([...once].map((name) => name.length))

function repeatedField({ rawHeaders }: IncomingMessage): boolean {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!lengthsOfOnce.has(rawHeaders[index]!.length)) continue
    const name = rawHeaders[index]!.toLowerCase()
    if (seen.has(name)) return true
    if (once.has(name)) seen.add(name)
  }
  return false
}

/** [RFC 9112 6.1] Whether the body is framed in a way that another reader could understand otherwise. */
function oddlyFramed({ headers, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0')
}

/** [RFC 9112 3.2] A target is a path or a whole http URL, and `*` goes with OPTIONS alone; none has a fragment. */
function oddTarget({ url = '', method }: IncomingMessage): boolean {
  if (url.includes('#')) return true
  return !url.startsWith('/') && !/^[a-z]+:\/\//i.test(url) && !(url === '*' && method === 'OPTIONS')
}

/** What a request must not be, first match wins. */
const faults: readonly { detail: string; isIn(raw: IncomingMessage): boolean }[] = [
  {
    detail: 'the API speaks HTTP/1.1 and HTTP/1.0',
    isIn: ({ httpVersion }) => httpVersion !== '1.1' && httpVersion !== '1.0',
  },
  {
    detail: 'the request has no Host header', // [RFC 9112 3.2]
    isIn: ({ httpVersion, headers }) => httpVersion === '1.1' && headers.host === undefined,
  },
  { detail: `one of the headers ${[...once].join(', ')} stands there twice`, isIn: repeatedField },
  { detail: 'the only Transfer-Encoding is chunked, in HTTP/1.1', isIn: oddlyFramed },
  { detail: 'the target is neither a path nor a URL', isIn: oddTarget },
]

/** Why a request that Node's parser takes is refused before its body is read; undefined where it is not. LIMITS A-29 */
export function refusalOfShape(raw: IncomingMessage): ApiError | undefined {
  if (raw.rawHeaders.length > maxHeaderFields * 2) {
    return new ApiError('RequestHeaderTooLarge', { detail: `the request has more than ${maxHeaderFields} headers` })
  }
  const fault = faults.find(({ isIn }) => isIn(raw))
  return fault && new ApiError('MalformedRequest', { detail: fault.detail })
}
