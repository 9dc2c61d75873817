import { afterAll, describe, expect, test } from 'vitest'
import { rawHttp } from '../support/raw-http.ts'
import { ownerClient, target } from '../support/target.ts'

const host = new URL(target.api).host
const client = ownerClient()
afterAll(() => client.close())

const envelope = {
  RequestId: expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/) as unknown,
  Message: expect.stringMatching(/./) as unknown,
  HostId: expect.any(String) as unknown,
  Code: expect.stringMatching(/^[A-Z][A-Za-z.]+$/) as unknown,
}

function request(line: string, headers: string[] = [], body = ''): string {
  return [line, `Host: ${host}`, 'Connection: close', ...headers, '', body].join('\r\n')
}

describe("every refusal has the vendor's envelope", () => {
  test.each([
    ['another path', request('GET /nowhere HTTP/1.1'), [404]],
    ['no action', request('GET / HTTP/1.1'), [400, 404]],
    ['PUT', request('PUT /?Action=ListCaCertificate HTTP/1.1', ['Content-Length: 0']), [400, 403, 405]],
    ['DELETE', request('DELETE / HTTP/1.1'), [400, 403, 405]],
    [
      'a body larger than the gateway reads',
      request('POST / HTTP/1.1', ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 104857600']),
      [413],
    ],
    [
      'a content type nobody reads',
      request('POST / HTTP/1.1', ['Content-Type: application/octet-stream', 'Content-Length: 3'], 'abc'),
      [400, 404, 415],
    ],
    [
      'JSON that is cut off',
      request('POST / HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 1'], '{'),
      [400, 404, 415],
    ],
    ['percent signs that are no encoding', request('GET /?Action=%E0%A4%A HTTP/1.1'), [400, 404]],
    ['no HTTP at all', 'this is not HTTP\r\n\r\n', [400]],
    ['a head larger than any head', request('GET / HTTP/1.1', [`X-Long: ${'x'.repeat(300_000)}`]), [400, 413, 431]],
    ['an OPTIONS without credentials', request('OPTIONS / HTTP/1.1'), [400, 403, 404, 405]],
    ['a method nobody knows', request('BREW / HTTP/1.1'), [400, 403, 405]],
  ])('B4: %s', async (_, bytes, statuses) => {
    const { status, head, body } = await rawHttp(target.api, bytes)
    expect(statuses).toContain(status)
    expect(head.toLowerCase()).toContain('content-type: application/json')
    expect(JSON.parse(body)).toMatchObject(envelope)
  })

  test('B4: after all of it the API still answers', async () => {
    const { status } = await client.call('GetRegisterCode', { MqttInstanceId: target.instanceId })
    expect(status).toBe(200)
  })

  test('B4: the keys come in the order of the real gateway', async () => {
    const { body } = await rawHttp(target.api, request('GET /nowhere HTTP/1.1'))
    const keys = Object.keys(JSON.parse(body) as object)
    expect(keys.filter((key) => ['RequestId', 'Message', 'HostId', 'Code'].includes(key))).toEqual([
      'RequestId',
      'Message',
      'HostId',
      'Code',
    ])
  })
})
