import * as fc from 'fast-check'
import type { Delivery } from '../raw-answers.ts'

/** A place in a request: 0 its beginning, 1 its end. */
type Spot = number

/** One change of the bytes of a request. */
export type Mutation =
  | { kind: 'put'; at: Spot; instead: number; text: string }
  | { kind: 'line'; text: string }
  | { kind: 'first word' | 'version'; text: string }
  | { kind: 'cut'; at: Spot }
  | { kind: 'repeat'; times: number }
  | { kind: 'line feeds' }
  | { kind: 'behind'; text: string }

/** All that decides what is sent, but for time and nonce: what a failure is shrunk to, kept and tried again as. */
export interface Recipe {
  signature: 'V1' | 'V3'
  method: 'GET' | 'POST'
  placement: 'query' | 'form'
  action: string
  parameters: Record<string, string>
  mutations: Mutation[]
  delivery: Delivery
}

const oddities = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    '%',
    '%zz',
    '%00',
    '%ff%fe',
    '+',
    '&',
    '=',
    ';',
    ',',
    ':',
    '"',
    '\x7f',
    '\xff',
    '\xa0',
    '../',
    '*',
    '__proto__',
    'Signature=',
    '&Action=',
    'x-acs-date: ',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => String.fromCharCode(...bytes)),
  fc.nat({ max: 150_000 }).map((length) => 'y'.repeat(length)),
)

const lines = fc.oneof(
  fc.constantFrom(
    'Content-Length: 5',
    'Content-Length: 0',
    'Content-Length: 5, 5',
    'Content-Length: -1',
    'Content-Length: 1e9',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: \x0bchunked',
    'Expect: 100-continue',
    'Expect: 200-ok',
    'Upgrade: h2c',
    'Upgrade: websocket',
    'Connection: upgrade, HTTP2-Settings',
    'Connection: close',
    'Connection: keep-alive',
    'Host: other',
    'Host:',
    'Content-Type: multipart/form-data',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: a\r\n b',
    'Authorization: ACS3-HMAC-SHA256 x',
    'x-acs-security-token: x',
    'x-acs-content-sha256: x',
    'Keep-Alive: 0',
  ),
  fc.tuple(oddities, oddities).map(([name, value]) => `x-acs-${name}: ${value}`),
  fc.nat({ max: 3_000 }).map((count) => Array.from({ length: count }, (_, index) => `x${index}: y`).join('\r\n')),
)

const words = [
  'GET',
  'POST',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PURGE',
  'SETUP',
  'PRI',
  'SOURCE',
  'get',
  'FOO',
  '',
  'POST http://other',
  '\r\nGET',
  'GET *', // not HEAD: its answer has the length of no body
]
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'RTSP/1.0', 'ICE/1.0', 'http/1.1', '']
const behind = ['5\r\nhello\r\n0\r\n\r\n', 'hello', '0\r\n\r\n', 'fffffffff\r\n', 'GET / HTTP/1.1\r\n\r\n', '\r\n\r\n']

const spot = fc.double({ min: 0, max: 1, noNaN: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), at: spot, instead: fc.nat({ max: 20 }), text: oddities }),
  fc.record({ kind: fc.constant('put' as const), at: spot, instead: fc.constant(1), text: oddities }),
  fc.record({ kind: fc.constant('line' as const), text: lines }),
  fc.record({ kind: fc.constant('first word' as const), text: fc.constantFrom(...words) }),
  fc.record({ kind: fc.constant('version' as const), text: fc.constantFrom(...versions) }),
  fc.record({ kind: fc.constant('cut' as const), at: spot }),
  fc.record({ kind: fc.constant('repeat' as const), times: fc.integer({ min: 2, max: 20 }) }),
  fc.constant({ kind: 'line feeds' as const }),
  fc.record({ kind: fc.constant('behind' as const), text: fc.constantFrom(...behind) }),
)

/** Any call that is right or nearly, and up to four changes of its bytes. */
export function recipes(actions: readonly string[], instanceId: string): fc.Arbitrary<Recipe> {
  const value = fc.oneof(fc.constantFrom(instanceId, '1', '10', '-1', '0a', 'GID_demo@@@x', 'XML', 'json'), oddities)
  const name = fc.oneof(
    fc.constantFrom(
      'MqttInstanceId',
      'InstanceId',
      'DeviceSn',
      'CaSn',
      'Sn',
      'PageNo',
      'PageSize',
      'CaName',
      'CaContent',
    ),
    fc.constantFrom('VerificationContent', 'ClientId', 'ClientIdList.1', 'Format', 'SecurityToken', 'Tag.1.Key'),
    fc.string({ maxLength: 10 }).map((text) => `X${text}`),
  )
  return fc.record({
    signature: fc.constantFrom('V1' as const, 'V3' as const),
    method: fc.constantFrom('GET' as const, 'POST' as const),
    placement: fc.constantFrom('query' as const, 'form' as const),
    action: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...actions) }, { weight: 1, arbitrary: oddities }),
    parameters: fc
      .dictionary(name, value, { maxKeys: 6, noNullPrototype: true })
      .map((parameters) => ({ MqttInstanceId: instanceId, InstanceId: instanceId, ...parameters })),
    mutations: fc.array(mutation, { maxLength: 4 }),
    delivery: fc.record({ pieces: fc.integer({ min: 1, max: 8 }), reset: fc.constantFrom(false, false, false, true) }),
  })
}
