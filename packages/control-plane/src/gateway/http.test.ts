import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errorBodyOf, send, signed, type Answer } from '../testing/caller.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'
import { lingerMs } from './linger.ts'

let world: World
let port: number

beforeEach(async () => {
  world = await createWorld()
  await world.app.listen({ port: 0, host: '127.0.0.1' })
  port = (world.app.server.address() as { port: number }).port
})

afterEach(() => world.app.close())

/** Writes bytes, ends, and reads what comes until the other side ends too. */
async function exchange(...chunks: (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  let read = ''
  socket.setEncoding('utf8').on('data', (text: string) => (read += text))
  socket.on('error', () => socket.destroy())
  for (const chunk of chunks) socket.write(chunk)
  await new Promise((resolve) => socket.once('close', resolve))
  return read
}

function parseAnswer(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => [line.split(': ')[0]!.toLowerCase(), line.split(': ')[1]]))
  return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(body) as Record<string, unknown> }
}

const close = 'Host: h\r\nConnection: close\r\n'

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400, 'MalformedRequest', 'The request could not be read.', 'malformed-request'],
  [
    'another protocol',
    Buffer.from([0x16, 3, 1, 0, 200, 1]),
    400,
    'MalformedRequest',
    'The request could not be read.',
    'malformed-request',
  ],
  [
    'a header without a colon',
    'GET / HTTP/1.1\r\nHost\r\n\r\n',
    400,
    'MalformedRequest',
    'The request could not be read.',
    'malformed-request',
  ],
  [
    'a request without Host',
    'GET /?Action=x HTTP/1.1\r\nConnection: close\r\n\r\n',
    400,
    'MalformedRequest',
    'The request could not be read.',
    'malformed-request',
  ],
  [
    'CONNECT',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nmore',
    403,
    'UnsupportedHTTPMethod',
    'This http method not supported.',
    'method-not-allowed',
  ],
  [
    'an upgrade',
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'two lengths',
    `POST / HTTP/1.1\r\n${close}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
    400,
    'MalformedRequest',
    'The request could not be read.',
    'malformed-request',
  ],
  [
    'a length beside chunks',
    `POST / HTTP/1.1\r\n${close}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    'MalformedRequest',
    'The request could not be read.',
    'malformed-request',
  ],
  [
    'a header that never ends',
    `GET /?${'a'.repeat(200_000)} HTTP/1.1\r\n${close}\r\n`,
    431,
    'RequestHeaderTooLarge',
    'The header of the request is too large.',
    'request-too-large',
  ],
  [
    'another path',
    `GET /v2/x HTTP/1.1\r\n${close}\r\n`,
    404,
    'InvalidAction.NotFound',
    'Specified api is not found, please check your url and method.',
    'unknown-path',
  ],
  [
    'a path that cannot be decoded',
    `GET /%zz HTTP/1.1\r\n${close}\r\n`,
    404,
    'InvalidAction.NotFound',
    'Specified api is not found, please check your url and method.',
    'unknown-path',
  ],
  [
    'PUT',
    `PUT / HTTP/1.1\r\n${close}\r\n`,
    403,
    'UnsupportedHTTPMethod',
    'This http method not supported.',
    'method-not-allowed',
  ],
  [
    'PATCH with a body',
    `PATCH /?a=b HTTP/1.1\r\n${close}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    403,
    'UnsupportedHTTPMethod',
    'This http method not supported.',
    'method-not-allowed',
  ],
  [
    'OPTIONS',
    `OPTIONS / HTTP/1.1\r\n${close}\r\n`,
    403,
    'UnsupportedHTTPMethod',
    'This http method not supported.',
    'method-not-allowed',
  ],
  [
    'PROPFIND',
    `PROPFIND / HTTP/1.1\r\n${close}\r\n`,
    403,
    'UnsupportedHTTPMethod',
    'This http method not supported.',
    'method-not-allowed',
  ],
  [
    'an expectation nobody knows',
    `POST / HTTP/1.1\r\n${close}Expect: a-pony\r\n\r\n`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'a content type that cannot be parsed',
    `POST / HTTP/1.1\r\n${close}Content-Type: ;;\r\nContent-Length: 2\r\n\r\nab`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'a content type nobody asked for',
    `POST / HTTP/1.1\r\n${close}Content-Type: image/png\r\nContent-Length: 2\r\n\r\nab`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'a body without a content type',
    `POST / HTTP/1.1\r\n${close}Content-Length: 2\r\n\r\nab`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'a form type without a body or a length',
    `POST / HTTP/1.1\r\n${close}Content-Type: application/x-www-form-urlencoded\r\n\r\n`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'a form type on GET',
    `GET / HTTP/1.1\r\n${close}Content-Type: application/x-www-form-urlencoded\r\n\r\n`,
    400,
    'MissingAction',
    'Action is mandatory for this action.',
    'missing-common-parameter',
  ],
  [
    'more than a thousand parameters',
    `GET /?${'a&'.repeat(1001)} HTTP/1.1\r\n${close}\r\n`,
    413,
    'RequestTooLarge',
    'The request is too large.',
    'request-too-large',
  ],
  [
    'a reserved name as parameter',
    `GET /?__proto__=1&Action=__proto__&constructor=x HTTP/1.1\r\n${close}\r\n`,
    400,
    'MissingVersion',
    'Version is mandatory for this action.',
    'missing-common-parameter',
  ],
])('%s is answered in the envelope', async (_title, bytes, status, code, message, cause) => {
  const answer = parseAnswer(await exchange(bytes))
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/json;charset=utf-8'])
  expect(answer.body).toEqual(errorBodyOf(answer, code, message))
  expect(world.log).toEqual([expect.objectContaining({ requestId: answer.body.RequestId, status, code, cause })])
})

test.each([
  ['POST', '/', 413, 'RequestTooLarge', 'The request is too large.', 'length'],
  ['POST', '/', 413, 'RequestTooLarge', 'The request is too large.', 'chunks'],
  ['PUT', '/', 403, 'UnsupportedHTTPMethod', 'This http method not supported.', 'length'],
])('a client that goes on sending 32 MB by %s %s has its answer %i %s (%s; %s)', async (...row) => {
  const [method, path, status, code, message, framing] = row
  const headers = framing === 'length' ? { 'content-length': 32 << 20 } : {}
  const sending = request({ port, host: '127.0.0.1', method, path, headers })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  sending.end(Buffer.alloc(32 << 20))
  const [response] = await answered
  const body = (await response.setEncoding('utf8').toArray()).join('')
  const answer = { status: response.statusCode!, headers: response.headers, body: JSON.parse(body) }
  expect([answer.status, answer.headers.connection]).toEqual([status, 'close'])
  expect(answer.body).toEqual(errorBodyOf(answer, code, message))
  await once(sending, 'close')
})

test('a client that stops in a body too large has its answer at once and is cut off in the end', async () => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10485761\r\n\r\nabc`)
  const [text] = (await once(socket.setEncoding('utf8'), 'data')) as [string]
  const answer = parseAnswer(text)
  expect(answer.status).toBe(413)
  expect(answer.body).toEqual(errorBodyOf(answer, 'RequestTooLarge', 'The request is too large.'))
  world.clock.advance(lingerMs)
  await once(socket, 'close')
})

test('HEAD is refused with the headers alone, as HTTP wants it', async () => {
  const text = await exchange(`HEAD / HTTP/1.1\r\n${close}\r\n`)
  expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  expect(text.endsWith('\r\n\r\n')).toBe(true)
})

test('a chunked body that grows over 10 MB is refused as it grows, and the connection ends', async () => {
  const chunk = Buffer.from(`10000\r\n${'a'.repeat(0x10000)}\r\n`)
  const head = `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`
  const answer = parseAnswer(await exchange(head, ...Array.from({ length: 161 }, () => chunk), '0\r\n\r\n'))
  expect([answer.status, answer.headers.connection]).toEqual([413, 'close'])
  expect(answer.body).toEqual(errorBodyOf(answer, 'RequestTooLarge', 'The request is too large.'))
})

test('B3: a signed form comes through chunked, in pieces, and with PEMs of 60 kB in the URL', async () => {
  const parameters = { MqttInstanceId: instanceId }
  const form = signed(world, 'GetRegisterCode', {
    parameters,
    dialect: { signature: 'V3', method: 'POST', placement: 'form' },
  })
  const lines = Object.entries(form.headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const chunks = [...form.payload].map((character) => `1\r\n${character}\r\n`)
  const head = `POST / HTTP/1.1\r\n${lines.join('')}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`
  const text = await exchange(head, ...chunks, '0\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)

  const large = signed(world, 'GetRegisterCode', { parameters: { ...parameters, Extra: 'A'.repeat(60_000) } })
  expect(await exchange(`${large.method} ${large.url} HTTP/1.1\r\n${close}\r\n`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})

test('a form larger than any operation takes is refused before it is decoded', async () => {
  const head = `POST / HTTP/1.1\r\n${close}Content-Type: application/x-www-form-urlencoded\r\n`
  const form = `Action=${'='.repeat(512 * 1024)}`
  const answer = parseAnswer(await exchange(`${head}Content-Length: ${form.length}\r\n\r\n`, form))
  expect(answer.status).toBe(413)
  expect(answer.body).toEqual(errorBodyOf(answer, 'RequestTooLarge', 'The request is too large.'))
})

test('B3: GET with a form body is read as well', async () => {
  const dialect = { signature: 'V1', method: 'GET', placement: 'form' } as const
  const form = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId }, dialect })
  const type = 'Content-Type: application/x-www-form-urlencoded; charset=utf-8'
  const head = `GET / HTTP/1.1\r\n${close}${type}\r\nContent-Length: ${form.payload.length}\r\n\r\n`
  expect(await exchange(head, form.payload)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})

test('a client that goes away in the middle of its body disturbs nobody', async () => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => socket.destroy())
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc`)
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.resetAndDestroy()
  const call = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  expect((await send(world, call)).status).toBe(200)
})

test('pipelined calls are answered in their order', async () => {
  const text = await exchange(`GET /?Action=x HTTP/1.1\r\nHost: h\r\n\r\nGET /other HTTP/1.1\r\n${close}\r\n`)
  expect([...text.matchAll(/"Code":"([^"]+)"/g)].map((match) => match[1])).toEqual([
    'MissingVersion',
    'InvalidAction.NotFound',
  ])
})
