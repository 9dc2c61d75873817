import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { managementClient } from './management-client.ts'

const seen: { line: string; authorization: string | undefined; body: string }[] = []
const answers: Record<string, [status: number, body: string]> = {
  'POST /devices': [200, '{"devices":[{"clientId":"GID_test@@@1"}]}'],
  'GET /explain?clientId=GID_test%40%40%401': [200, '{"answer":"nothing is known of it"}'],
  'POST /reset': [200, ''],
  'DELETE /sessions/none': [404, '{"error":"unknown-session","message":"no live session has this id"}'],
}
const server = http.createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const line = `${request.method} ${request.url}`
    seen.push({ line, authorization: request.headers.authorization, body: Buffer.concat(chunks).toString() })
    const [status, body] = answers[line] ?? [500, 'not JSON']
    response.writeHead(status).end(body)
  })
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const client = (token?: string) => managementClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, token)

test('K1: devices are asked for in JSON', async () => {
  expect(await client().issueDevices({ clientId: 'GID_test@@@1', keyType: 'ec' })).toEqual([
    { clientId: 'GID_test@@@1' },
  ])
  expect(seen.at(-1)).toEqual({
    line: 'POST /devices',
    authorization: undefined,
    body: '{"clientId":"GID_test@@@1","keyType":"ec"}',
  })
})

test('F3: an explanation is asked for by client id, serial number or request', async () => {
  expect(await client().explain({ clientId: 'GID_test@@@1' })).toEqual({ answer: 'nothing is known of it' })
})

test('a token travels as a bearer, and an empty answer is none', async () => {
  expect(await client('hush').request('POST', '/reset')).toBeUndefined()
  expect(seen.at(-1)).toEqual({ line: 'POST /reset', authorization: 'Bearer hush', body: '' })
})

test('a refusal is an error that tells what the port said', async () => {
  await expect(client().request('DELETE', '/sessions/none')).rejects.toThrow('no live session has this id')
})

test('an answer that is no JSON is quoted all the same', async () => {
  await expect(client().request('GET', '/nowhere')).rejects.toThrow('not JSON')
})
