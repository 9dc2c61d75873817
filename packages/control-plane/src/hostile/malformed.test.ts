import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errorTable, type ErrorCode } from '../errors.ts'
import { errorBodyOf } from '../testing/caller.ts'
import { connectionsOf, listeningApp, markerStatus } from '../testing/listening-app.ts'
import { exchange } from '../testing/raw-connection.ts'
import { createWorld, type World } from '../testing/world.ts'

let world: World
let app: FastifyInstance
let port: number

beforeEach(async () => {
  world = await createWorld()
  ;({ app, port } = await listeningApp(world))
})

afterEach(() => app.close())

const host = 'Host: h\r\n'
const post = `POST / HTTP/1.1\r\n${host}`
const get = `GET / HTTP/1.1\r\n${host}`
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`

/** What a second reader would take for a call of its own. */
const smuggled = 'GET /?Action=smuggled HTTP/1.1\r\nHost: h\r\n\r\n'

const rows: [title: string, bytes: string | Buffer, code: ErrorCode, detail: string][] = [
  // two readers, two requests
  [
    'a length beside chunks',
    `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'MalformedRequest',
    'Parse Error',
  ],
  [
    'chunks beside a length',
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${smuggled}`,
    'MalformedRequest',
    'Parse Error',
  ],
  [
    'two lengths that agree',
    `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    'MalformedRequest',
    'Duplicate Content-Length',
  ],
  ['a list of lengths', `${post}Content-Length: 3, 3\r\n\r\nabc`, 'MalformedRequest', 'Content-Length'],
  ['a length with a sign', `${post}Content-Length: +3\r\n\r\nabc`, 'MalformedRequest', 'Content-Length'],
  ['a negative length', `${post}Content-Length: -1\r\n\r\nabc`, 'MalformedRequest', 'Content-Length'],
  ['a length in hex', `${post}Content-Length: 0x3\r\n\r\nabc`, 'MalformedRequest', 'Content-Length'],
  ['a length of 20 digits', `${post}Content-Length: 99999999999999999999\r\n\r\nabc`, 'MalformedRequest', 'overflow'],
  ['an empty length', `${post}Content-Length:\r\n\r\n`, 'MalformedRequest', 'Content-Length'],
  [
    'chunks by another name',
    `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'Transfer-Encoding',
  ],
  [
    'chunked, then identity',
    `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'Transfer-Encoding',
  ],
  ['identity', `${post}Transfer-Encoding: identity\r\n\r\nabc`, 'MalformedRequest', 'Transfer-Encoding'],
  [
    'a coding before the chunks',
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'the only Transfer-Encoding is chunked',
  ],
  [
    'chunked twice',
    `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'Transfer-Encoding',
  ],
  [
    'chunks in HTTP/1.0',
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'in HTTP/1.1',
  ],
  [
    'a space before the colon',
    `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    'MalformedRequest',
    'Invalid header',
  ],
  ['a folded header', `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 'MalformedRequest', 'Parse Error'],
  ['a folded header that says nothing', `${get}X-A: a\r\n b\r\n\r\n`, 'MalformedRequest', 'whitespace'],
  ['lines that end with LF alone', 'GET / HTTP/1.1\nHost: h\n\n', 'MalformedRequest', 'CRLF'],
  ['a header that ends with LF alone', 'GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n', 'MalformedRequest', 'CR'],
  ['a CR alone', 'GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n', 'MalformedRequest', 'LF'],
  ['chunks that end with LF alone', `${chunked}1\nx\n0\n\n`, 'MalformedRequest', 'CR after chunk size'],
  ['a chunk longer than it says', `${chunked}1\r\nxx\r\n0\r\n\r\n`, 'MalformedRequest', 'after chunk data'],
  ['a chunk size in front of which stands a space', `${chunked} 1\r\nx\r\n0\r\n\r\n`, 'MalformedRequest', 'chunk size'],
  ['a chunk size with 0x', `${chunked}0x1\r\nx\r\n0\r\n\r\n`, 'MalformedRequest', 'chunk size'],
  ['a chunk size of 20 digits', `${chunked}ffffffffffffffffffff\r\nx\r\n0\r\n\r\n`, 'MalformedRequest', 'overflow'],
  [
    'a length in the trailers',
    `${chunked}1\r\nx\r\n0\r\nContent-Length: 5\r\n\r\n`,
    'MalformedRequest',
    'Content-Length',
  ],
  ['two hosts', `${get}Host: other\r\n\r\n`, 'MalformedRequest', 'twice'],
  ['two Authorization headers', `${get}Authorization: a\r\nauthorization: b\r\n\r\n`, 'MalformedRequest', 'twice'],
  [
    'two content types',
    `${post}Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n`,
    'MalformedRequest',
    'twice',
  ],

  // no request of HTTP/1.1
  ['a NUL in a header', `${get}X-A: a\0b\r\n\r\n`, 'MalformedRequest', 'header value'],
  ['a NUL in the name of a header', `${get}X\0A: b\r\n\r\n`, 'MalformedRequest', 'header token'],
  ['a NUL in the URL', `GET /?a=\0 HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'url'],
  ['a space in the name of a header', `${get}X A: b\r\n\r\n`, 'MalformedRequest', 'header token'],
  ['bytes beyond ASCII in the URL', `GET /?Action=\xe4\xbd\xa0 HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'url'],
  ['HTTP/0.9', 'GET /\r\n', 'MalformedRequest', 'Parse Error'],
  ['HTTP/0.9 that says so', `GET / HTTP/0.9\r\n${host}\r\n`, 'MalformedRequest', 'the API speaks HTTP/1.1'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n`, 'MalformedRequest', 'HTTP version'],
  ['HTTP/2.0 in the words of HTTP/1', `GET / HTTP/2.0\r\n${host}\r\n`, 'MalformedRequest', 'the API speaks HTTP/1.1'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'MalformedRequest', 'PRI'],
  ['a handshake of TLS', Buffer.from('16030100f8010000f40303', 'hex'), 'MalformedRequest', 'method'],
  [
    'a CONNECT packet of MQTT',
    Buffer.from('101000044d5154540402003c000474657374', 'hex'),
    'MalformedRequest',
    'method',
  ],
  ['a megabyte of noise', Buffer.alloc(1 << 20, 0xa5), 'MalformedRequest', 'method'],
  ['a method of 300 letters', `${'A'.repeat(300)} / HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'method'],
  ['a method in lower case', `get / HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'method'],
  ['a tab for the space', `GET\t/ HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'space'],
  ['a fragment', `GET /?Action=x#y HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'target'],
  ['a target that is a host', `GET h:80 HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'url'],
  ['* with GET', `GET * HTTP/1.1\r\n${host}\r\n`, 'MalformedRequest', 'target'],
  ['* with OPTIONS', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 'InvalidAction.NotFound', 'not at *'],
  ['two slashes', `GET //?Action=x HTTP/1.1\r\n${host}\r\n`, 'InvalidAction.NotFound', 'not at //'],
  ['the URL of a proxy', `GET http://other/?Action=x HTTP/1.1\r\n${host}\r\n`, 'MissingVersion', 'no version'],
  [
    'an upgrade to HTTP/2',
    `${get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    'MissingAction',
    'no action',
  ],
  ['RTSP', 'SETUP rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n', 'MalformedRequest', 'Parse Error'],

  // broken off
  ['half a request line', 'GET / HT', 'MalformedRequest', 'Parse Error'],
  ['half a header', `${post}Content-Le`, 'MalformedRequest', 'Parse Error'],
  ['half a body', `${post}Content-Length: 10\r\n\r\nabc`, 'MalformedRequest', 'Parse Error'],
  ['half a chunk', `${chunked}a\r\nabc`, 'MalformedRequest', 'Parse Error'],

  // too much
  ['100,000 headers', `${get}${'x: y\r\n'.repeat(100_000)}\r\n`, 'RequestHeaderTooLarge', 'overflow'],
  ['a header of a megabyte', `${get}X: ${'y'.repeat(1 << 20)}\r\n\r\n`, 'RequestHeaderTooLarge', 'overflow'],
  [
    'the name of a header of a megabyte',
    `${get}${'y'.repeat(1 << 20)}: x\r\n\r\n`,
    'RequestHeaderTooLarge',
    'overflow',
  ],
  ['a URL of a megabyte', `GET /?${'y'.repeat(1 << 20)} HTTP/1.1\r\n${host}\r\n`, 'RequestHeaderTooLarge', 'overflow'],
  [
    'a megabyte of trailers',
    `${chunked}1\r\nx\r\n0\r\n${'x: y\r\n'.repeat(200_000)}\r\n`,
    'RequestHeaderTooLarge',
    'overflow',
  ],
  [
    'a chunk extension of a megabyte',
    `${chunked}1;${'y'.repeat(1 << 20)}\r\nx\r\n0\r\n\r\n`,
    'RequestTooLarge',
    'Chunk extensions',
  ],
]

test.each(rows)('%s is answered once in the envelope, logged once, and nobody else is disturbed', async (...row) => {
  const [, bytes, code, detail] = row
  const [answer, ...more] = await exchange(port, bytes)
  const { status, message, cause } = errorTable[code]
  expect(more).toEqual([])
  expect(answer).toMatchObject({ status, code })
  const body = JSON.parse(answer!.body) as Record<string, unknown>
  expect(body).toEqual(errorBodyOf({ status, headers: answer!.headers, body }, code, message))
  expect(world.log).toEqual([
    expect.objectContaining({
      requestId: body.RequestId,
      status,
      code,
      cause: code === 'InvalidAction.NotFound' ? 'unknown-path' : cause,
      message: expect.stringContaining(detail),
    }),
  ])
  expect(await markerStatus(world, port)).toBe(200)
})

/** A GET with `count` headers, of which Host is one. */
const getWithHeaders = (count: number): string => `${get}${'x: y\r\n'.repeat(count - 1)}\r\n`

test('a request with more headers than any client sends is refused by one of two: Node.js 24 looks before we do', async () => {
  const [most] = await exchange(port, getWithHeaders(1_000))
  const [more] = await exchange(port, getWithHeaders(1_001))
  expect([most!.code, more!.code, more!.status]).toEqual(['MissingAction', 'RequestHeaderTooLarge', 431])
  expect(world.log.at(-1)?.message).toMatch(/more than 1000 headers|Header overflow/)
})

test('a header that no client sends twice reads as both values where it is sent twice', async () => {
  const [answer] = await exchange(port, `${get}x-acs-action: a\r\nx-acs-action: b\r\nx-acs-version: 2020-04-20\r\n\r\n`)
  expect(answer).toMatchObject({ status: 404, code: 'InvalidAction.NotFound' })
  expect(world.log).toEqual([expect.objectContaining({ action: 'a, b', cause: 'unknown-operation' })])
})

test('a call whose body breaks off behind one that is whole is answered after it', async () => {
  const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
  const whole = `${post}${form}Content-Length: 3\r\n\r\na=b`
  const answers = await exchange(port, `${whole}${post}${form}Content-Length: 9\r\n\r\na=b`)
  expect(answers.map(({ code }) => code)).toEqual(['MissingAction', 'MalformedRequest'])
})

test('after all of it no connection is left', async () => {
  for (const [, bytes] of rows) await exchange(port, bytes)
  expect(await markerStatus(world, port)).toBe(200)
  expect(world.log.filter(({ cause }) => cause !== undefined)).toHaveLength(rows.length)
  await app.close()
  expect(await connectionsOf(app)).toBe(0)
})
