import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock, type Random } from '@apsaramq/model'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { signedClient, type SignedClientOptions } from './signed-client.ts'
import { signV1 } from './sign-v1.ts'

const zeros: Random = { bytes: (count) => new Uint8Array(count) }
const nonce = '00000000-0000-4000-8000-000000000000'
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

let respond: (response: http.ServerResponse) => void
let seen: { method: string | undefined; url: string | undefined; headers: http.IncomingHttpHeaders; body: string }[]
let connections: number

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, headers } = request
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
    respond(response)
  })
})
server.on('connection', () => (connections += 1))

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => void server.close())
beforeEach(() => {
  seen = []
  connections = 0
  respond = (response) => response.writeHead(200, { 'x-test': 'kept' }).end('{"RequestId":"R-1","DeviceSn":"0a"}')
})

function client(options: Partial<SignedClientOptions> = {}) {
  const port = (server.address() as AddressInfo).port
  return {
    host: `127.0.0.1:${port}`,
    ...signedClient({
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyId: 'testid',
      accessKeySecret: 'testsecret',
      clock: manualClock(Date.UTC(2025, 0, 15, 6, 2, 28, 345)),
      random: zeros,
      ...options,
    }),
  }
}

test('B2: a V3 call travels as POST with its parameters in the query and no body', async () => {
  const api = client()
  const answer = await api.call('InactivateDeviceCertificate', { DeviceSn: 'a b', CaSn: '' })
  api.close()
  expect({
    status: answer.status,
    requestId: answer.requestId,
    body: answer.body,
    kept: answer.headers['x-test'],
  }).toEqual({
    status: 200,
    requestId: 'R-1',
    body: { RequestId: 'R-1', DeviceSn: '0a' },
    kept: 'kept',
  })
  const { authorization, ...headers } = seen[0]!.headers
  expect({ ...seen[0], headers }).toEqual({
    method: 'POST',
    url: '/?CaSn=&DeviceSn=a%20b',
    body: '',
    headers: {
      host: api.host,
      accept: 'application/json',
      connection: 'keep-alive',
      'content-length': '0',
      'x-acs-action': 'InactivateDeviceCertificate',
      'x-acs-version': '2020-04-20',
      'x-acs-date': '2025-01-15T06:02:28Z',
      'x-acs-signature-nonce': nonce,
      'x-acs-content-sha256': emptyHash,
    },
  })
  expect(authorization).toMatch(
    /^ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=[0-9a-f]{64}$/,
  )
})

test('B3: a V3 form is signed with its content type and the hash of the body', async () => {
  const api = client({ placement: 'form' })
  await api.call('InactivateDeviceCertificate', { DeviceSn: '1', CaSn: '2' })
  api.close()
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/', body: 'CaSn=2&DeviceSn=1' })
  expect(seen[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(seen[0]!.headers['x-acs-content-sha256']).not.toBe(emptyHash)
  expect(seen[0]!.headers.authorization).toContain('SignedHeaders=content-type;host;x-acs-action;')
})

test('B3: a V1 form carries everything, the signature included, and a bare path', async () => {
  const api = client({ signature: 'V1', placement: 'form' })
  await api.call('ActiveCaCertificate', { Sn: '1' })
  api.close()
  const parameters = Object.fromEntries(new URLSearchParams(seen[0]!.body))
  const { signature } = signV1({ method: 'POST', parameters, accessKeySecret: 'testsecret' })
  expect(seen[0]!.url).toBe('/')
  expect(parameters).toEqual({
    AccessKeyId: 'testid',
    Action: 'ActiveCaCertificate',
    Format: 'JSON',
    Signature: signature,
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: nonce,
    SignatureVersion: '1.0',
    Sn: '1',
    Timestamp: '2025-01-15T06:02:28Z',
    Version: '2020-04-20',
  })
})

test('B3: a V1 GET has no body and no length', async () => {
  const api = client({ signature: 'V1', method: 'GET' })
  await api.call('GetRegisterCode', { MqttInstanceId: 'i' })
  api.close()
  expect(seen[0]).toMatchObject({ method: 'GET', body: '' })
  expect(seen[0]!.url).toMatch(/^\/\?AccessKeyId=testid&Action=GetRegisterCode&.*&Signature=/)
  expect(seen[0]!.headers['content-length']).toBeUndefined()
})

test('B3: a form with GET is a mistake of the caller', () => {
  const api = client({ method: 'GET', placement: 'form' })
  expect(() => api.prepare('GetRegisterCode')).toThrow('a form needs method POST')
})

test('calls one after the other share a connection', async () => {
  const api = client()
  for (let call = 0; call < 3; call += 1) await api.call('GetRegisterCode')
  api.close()
  expect(connections).toBe(1)
})

test('a prepared request can be sent twice, byte for byte', async () => {
  const api = client()
  const request = api.prepare('GetRegisterCode', { MqttInstanceId: 'i' })
  await api.send(request)
  await api.send(request)
  api.close()
  expect(seen[1]).toEqual(seen[0])
})

test('an answer that is not JSON is an error that quotes it', async () => {
  respond = (response) => response.writeHead(502).end('<html>bad gateway</html>')
  const api = client()
  await expect(api.call('GetRegisterCode')).rejects.toThrow('the answer (HTTP 502) is not JSON: <html>bad gateway')
  api.close()
})

test('no answer is an error once the time is over, and not before', async () => {
  const clock = manualClock()
  const asked = once(server, 'request')
  respond = () => undefined
  const api = client({ clock, answerWithinMs: 3_000 })
  const call = api.call('GetRegisterCode')
  await asked
  clock.advance(2_999)
  clock.advance(1)
  await expect(call).rejects.toThrow(`no answer from http://${api.host} within 3000 ms`)
  api.close()
})
