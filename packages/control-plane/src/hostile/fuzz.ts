import type { WireRequest } from '../testing/signed-request.ts'

/** Draws a number from 0 to below 1. */
export type Draw = () => number

const pick = <T>(draw: Draw, from: readonly T[]): T => from[Math.floor(draw() * from.length)]!

/** What clients, proxies and attackers put where it does not belong. */
const oddities = [
  '',
  '\0',
  '\r\n',
  '\n',
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
  '../',
  '*',
]
const odd = (draw: Draw): string => (draw() < 0.1 ? 'y'.repeat(Math.floor(draw() * 70_000)) : pick(draw, oddities))

// not HEAD: its answer tells the length of a body that does not follow
const methods = ['GET', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PURGE', 'SETUP', 'get', 'FOO', '']
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'RTSP/1.0', 'http/1.1', '']
const framings = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 5, 5',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: h2c',
  'Connection: upgrade, HTTP2-Settings',
  'Host: other',
  'Content-Type: multipart/form-data',
]

/** Changes the bytes of a request somewhere. */
type Mutation = (bytes: string, draw: Draw) => string

const at = (bytes: string, draw: Draw) => Math.floor(draw() * (bytes.length + 1))
const endOfHead = (bytes: string) => Math.max(0, bytes.indexOf('\r\n\r\n'))

const mutations: readonly Mutation[] = [
  (bytes, draw) => bytes.replace(/^\S+/, () => pick(draw, methods)),
  (bytes, draw) => bytes.replace(/HTTP\/1\.1/, () => pick(draw, versions)),
  (bytes, draw) => splice(bytes, at(bytes, draw), 0, odd(draw)),
  (bytes, draw) => splice(bytes, at(bytes, draw), 1 + Math.floor(draw() * 20), ''),
  (bytes, draw) => splice(bytes, at(bytes, draw), 1, String.fromCharCode(Math.floor(draw() * 256))),
  (bytes, draw) => splice(bytes, endOfHead(bytes), 0, `\r\n${pick(draw, framings)}`),
  (bytes, draw) => splice(bytes, endOfHead(bytes), 0, `\r\nx-acs-${odd(draw)}: ${odd(draw)}`),
  (bytes, draw) => bytes.slice(0, at(bytes, draw)),
  (bytes) => bytes.replaceAll('\r\n', '\n'),
  (bytes) => bytes + bytes,
  (bytes, draw) => `${bytes}${pick(draw, ['5\r\nhello\r\n0\r\n\r\n', 'hello', '0\r\n\r\n', 'fffffffff\r\n'])}`,
]

function splice(bytes: string, from: number, count: number, put: string): string {
  return bytes.slice(0, from) + put + bytes.slice(from + count)
}

/** The bytes of a request, one character a byte. */
export function bytesOf({ method, url, headers, payload }: WireRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = payload === '' ? '' : `content-length: ${Buffer.byteLength(payload)}\r\n`
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}${length}\r\n${payload}`
}

/** A request that was right, changed in one to four places. */
export function mutated(bytes: string, draw: Draw): string {
  let changed = bytes
  for (let left = 1 + Math.floor(draw() * 4); left > 0; left -= 1) changed = pick(draw, mutations)(changed, draw)
  return changed
}
