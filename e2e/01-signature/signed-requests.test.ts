import { createHmac } from 'node:crypto'
import { canonicalPairs, sha256Hex, signedRequest, signV1, signV3, type CallDescription } from '@apsaramq/testkit'
import { afterAll, describe, expect, test } from 'vitest'
import { expectExplained } from '../support/explained.ts'
import { rawHttp } from '../support/raw-http.ts'
import { ownerClient, serverCa, target, unique } from '../support/target.ts'

const client = ownerClient()
afterAll(() => client.close())

const list = { MqttInstanceId: target.instanceId, PageNo: '1', PageSize: '10' }
const host = new URL(target.api).host

const spoilt = (text: string) => text.replace('PageSize=10', 'PageSize=11')
const asOthersSend = (text: string) => text.replace('a%20b%2A%21%27%28%29~', "a+b*!'()%7E")

function describeCall(changes: Partial<CallDescription> = {}): CallDescription {
  return {
    action: 'ListCaCertificate',
    parameters: list,
    signature: 'V3',
    method: 'POST',
    placement: 'query',
    host,
    accessKeyId: target.accessKeyId,
    accessKeySecret: target.accessKeySecret,
    at: Date.now(),
    nonce: unique('nonce-'),
    ...changes,
  }
}

const forms = [
  { signature: 'V1', method: 'GET', placement: 'query' },
  { signature: 'V1', method: 'POST', placement: 'query' },
  { signature: 'V1', method: 'POST', placement: 'form' },
  { signature: 'V3', method: 'GET', placement: 'query' },
  { signature: 'V3', method: 'POST', placement: 'query' },
  { signature: 'V3', method: 'POST', placement: 'form' },
] as const

describe.each(forms)('$signature, $method, $placement', (form) => {
  const send = (changes: Partial<CallDescription> = {}) =>
    client.send(signedRequest(describeCall({ ...form, ...changes })))

  test('B3: a signed call is answered', async () => {
    const { status, body, requestId } = await send()
    expect({ status, body }).toMatchObject({ status: 200, body: { Data: { PageNo: 1, PageSize: 10 } } })
    expect(requestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
  })

  test('B5: the wrong secret is answered with the text it should have signed', async () => {
    const request = describeCall({ ...form, accessKeySecret: 'not the secret' })
    const { status, body, requestId } = await client.send(signedRequest(request))
    expect({ status, code: body.Code }).toEqual({ status: 400, code: 'SignatureDoesNotMatch' })
    if (form.signature === 'V1') {
      expect(body.Message).toMatch(
        /^Specified signature is not matched with our calculation\. server string to sign is:/,
      )
      expect(body.Message).toContain(
        `${form.method}&%2F&AccessKeyId%3D${target.accessKeyId}%26Action%3DListCaCertificate`,
      )
    } else {
      expect(body.Message).toMatch(
        /^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n[0-9a-f]{64}\]$/,
      )
    }
    await expectExplained({ requestId }, 'signature-mismatch')
  })

  test('B5: an unknown access key is answered 404', async () => {
    const { status, body, requestId } = await send({ accessKeyId: 'LTAInobody' })
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 404,
      code: 'InvalidAccessKeyId.NotFound',
      message: 'Specified access key is not found.',
    })
    await expectExplained({ requestId }, 'unknown-access-key')
  })

  test('B5: a nonce serves once', async () => {
    const request = signedRequest(describeCall(form))
    expect((await client.send(request)).status).toBe(200)
    const { status, body, requestId } = await client.send(request)
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 400,
      code: 'SignatureNonceUsed',
      message: 'Specified signature nonce was used already.',
    })
    await expectExplained({ requestId }, 'nonce-reused')
  })

  test.each([
    ['older than', -16],
    ['ahead by more than', 16],
  ])('B5: a request %s 15 minutes is expired', async (_, minutes) => {
    const { status, body, requestId } = await send({ at: Date.now() + minutes * 60_000 })
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 400,
      code: 'InvalidTimeStamp.Expired',
      message: 'Specified time stamp or date value is expired.',
    })
    await expectExplained({ requestId }, 'timestamp-expired')
  })

  test.each([-14, 14])('B5: a request %i minutes away is within the window', async (minutes) => {
    expect((await send({ at: Date.now() + minutes * 60_000 })).status).toBe(200)
  })

  test('B5: a parameter changed on the way breaks the signature', async () => {
    const request = signedRequest(describeCall(form))
    const { status, body } = await client.send({
      ...request,
      path: spoilt(request.path),
      body: spoilt(request.body),
    })
    expect(status).toBe(400)
    expect(body.Code).toMatch(/^(SignatureDoesNotMatch|InvalidContentSha256|IncompleteSignature)/)
  })

  test('B1: an action nobody knows is not found', async () => {
    const { status, body, requestId } = await send({ action: 'MakeCoffee' })
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 404,
      code: 'InvalidAction.NotFound',
      message: 'Specified api is not found, please check your url and method.',
    })
    await expectExplained({ requestId }, 'unknown-operation')
  })

  test('B1: another version is no version of this API', async () => {
    const { body, requestId } = await send({ version: '2019-01-01' })
    expect({ code: body.Code, message: body.Message }).toEqual({
      code: 'InvalidVersion',
      message: 'Specified parameter Version is not valid.',
    })
    await expectExplained({ requestId }, 'unsupported-version')
  })

  test('B3: an empty value that no operation knows is signed and harmless', async () => {
    expect((await send({ parameters: { ...list, SignatureType: '', RegionId: 'cn-hangzhou' } })).status).toBe(200)
  })

  test.each(["-_.~*!'()", 'a b+c', 'é😀', 'a\nb', 'x=y&z'])('B3: %j survives the signature', async (text) => {
    const { status, body } = await send({ parameters: { ...list, CaName: text } })
    expect({ status, code: body.Code }).toEqual({ status: 200, code: undefined })
  })

  test('B3: spaces may travel as + and marks unescaped, as other SDKs send them', async () => {
    const request = signedRequest(describeCall({ ...form, parameters: { ...list, CaName: "a b*!'()~" } }))
    const changed = { ...request, path: asOthersSend(request.path), body: asOthersSend(request.body) }
    if (form.signature === 'V3' && form.placement === 'form') return // its body is hashed as it is: nothing to decode
    const headers = changed.body
      ? { ...changed.headers, 'content-length': String(changed.body.length) }
      : changed.headers
    const { status, body } = await client.send({ ...changed, headers })
    expect({ status, code: body.Code }).toEqual({ status: 200, code: undefined })
  })
})

describe('V1 alone', () => {
  test('B5: an x-acs-action header is not signed and therefore not trusted', async () => {
    const request = signedRequest(describeCall({ signature: 'V1' }))
    const { status, body } = await client.send({
      ...request,
      headers: { ...request.headers, 'x-acs-action': 'DeleteCaCertificate' },
    })
    expect({ status, total: typeof (body.Data as { Total: unknown }).Total }).toEqual({ status: 200, total: 'number' })
  })

  test('B3: the common parameters may stay in the query while the others travel in a chunked form', async () => {
    const common = {
      Action: 'ListCaCertificate',
      Format: 'json',
      Version: '2020-04-20',
      Timestamp: new Date().toISOString().replace(/\.\d+/, ''),
      SignatureNonce: unique(),
      SignatureMethod: 'HMAC-SHA1',
      SignatureVersion: '1.0',
      AccessKeyId: target.accessKeyId,
    }
    const { signature } = signV1({
      method: 'POST',
      parameters: { ...common, ...list },
      accessKeySecret: target.accessKeySecret,
    })
    const body = canonicalPairs(list)
    const half = Math.floor(body.length / 2)
    const answer = await rawHttp(
      target.api,
      [
        `POST /?${canonicalPairs({ ...common, Signature: signature })} HTTP/1.1`,
        `Host: ${host}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Transfer-Encoding: chunked',
        'Connection: close',
        '',
        half.toString(16),
        body.slice(0, half),
        (body.length - half).toString(16),
        body.slice(half),
        '0',
        '',
        '',
      ].join('\r\n'),
    )
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toMatchObject({
      status: 200,
      body: { Data: { PageSize: 10 } },
    })
  })

  test.each([
    ['SignatureMethod', { SignatureMethod: 'HMAC-SHA256' }, 'InvalidSignatureMethod'],
    ['Timestamp', { Timestamp: 'yesterday' }, 'InvalidTimeStamp.Format'],
    ['Format', { Format: 'YAML' }, 'InvalidParameter.Format'],
  ])('B5: a wrong %s is answered with its own code', async (_, change, code) => {
    const parameters: Record<string, string> = {
      ...list,
      Action: 'ListCaCertificate',
      Format: 'JSON',
      Version: '2020-04-20',
      Timestamp: new Date().toISOString().replace(/\.\d+/, ''),
      SignatureNonce: unique(),
      SignatureMethod: 'HMAC-SHA1',
      SignatureVersion: '1.0',
      AccessKeyId: target.accessKeyId,
      ...change,
    }
    const { signature } = signV1({ method: 'POST', parameters, accessKeySecret: target.accessKeySecret })
    const path = `/?${canonicalPairs({ ...parameters, Signature: signature })}`
    const answer = await client.send({ method: 'POST', path, headers: { host, 'content-length': '0' }, body: '' })
    expect({ status: answer.status, code: answer.body.Code }).toEqual({ status: 400, code })
  })

  test.each(['AccessKeyId', 'Timestamp', 'SignatureNonce', 'Signature'])(
    'B5: a request without %s is named as such',
    async (name) => {
      const { path, ...rest } = signedRequest(describeCall({ signature: 'V1' }))
      const url = new URL(path, target.api)
      url.searchParams.delete(name)
      const { status, body } = await client.send({ ...rest, path: `${url.pathname}${url.search}` })
      expect(status).toBe(400)
      expect(body).toMatchObject({
        Message: expect.any(String),
        RequestId: expect.any(String),
        HostId: expect.any(String),
      })
      expect(body.Code).toMatch(new RegExp(`^(Missing${name}|IncompleteSignature|IllegalTimestamp)$`))
    },
  )
})

describe('V3 alone', () => {
  test('B3: POST with neither length nor body is answered, as the Java SDK sends it', async () => {
    const request = signedRequest(describeCall())
    const lines = Object.entries(request.headers)
      .filter(([name]) => name !== 'content-length')
      .map(([name, value]) => `${name}: ${value}`)
    const answer = await rawHttp(
      target.api,
      [`POST ${request.path} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n'),
    )
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toMatchObject({ status: 200 })
    expect(answer.head.toLowerCase()).toContain('content-type: application/json')
  })

  test('B3: headers that others sign as well, in their own order, are verified as the request lists them', async () => {
    const headers: Record<string, string> = {
      host,
      accept: 'application/json',
      'user-agent': 'another SDK',
      'x-acs-action': 'ListCaCertificate',
      'x-acs-content-sha256': sha256Hex(''),
      'x-acs-date': new Date().toISOString().replace(/\.\d+/, ''),
      'x-acs-signature-nonce': unique(),
      'x-acs-version': '2020-04-20',
    }
    const names = Object.keys(headers)
    const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
    const canonical = `POST\n/\n${canonicalPairs(list)}\n${lines}\n${names.join(';')}\n${sha256Hex('')}`
    const signature = createHmac('sha256', target.accessKeySecret)
      .update(`ACS3-HMAC-SHA256\n${sha256Hex(canonical)}`)
      .digest('hex')
    const authorization = `ACS3-HMAC-SHA256 Credential=${target.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`
    const { status, body } = await client.send({
      method: 'POST',
      path: `/?${canonicalPairs(list)}`,
      headers: { ...headers, authorization, 'content-length': '0' },
      body: '',
    })
    expect({ status, code: body.Code }).toEqual({ status: 200, code: undefined })
  })

  test('B5: a body other than the one whose hash was signed is refused', async () => {
    const request = signedRequest(describeCall({ placement: 'form' }))
    const { status, requestId } = await client.send({ ...request, body: request.body.replace('10', '11') })
    expect(status).toBe(400)
    await expectExplained({ requestId }, 'body-hash-mismatch')
  })

  test('B5: a list of signed headers without the action is refused', async () => {
    const request = signedRequest(describeCall())
    const { authorization: _, ...headers } = request.headers
    const { 'x-acs-action': __, ...signedOnes } = headers
    const { authorization } = signV3({
      method: 'POST',
      query: list,
      headers: signedOnes,
      body: '',
      accessKeyId: target.accessKeyId,
      accessKeySecret: target.accessKeySecret,
    })
    const { status, requestId } = await client.send({ ...request, headers: { ...headers, authorization } })
    expect(status).toBe(400)
    await expectExplained({ requestId }, 'signed-headers-incomplete')
  })

  test.each(['ACS3-HMAC-SHA256', 'ACS3-HMAC-SHA256 Credential=x', 'ACS3-HMAC-SHA256 nonsense,,,'])(
    'B5: the Authorization %j is incomplete',
    async (authorization) => {
      const request = signedRequest(describeCall())
      const { status, body } = await client.send({ ...request, headers: { ...request.headers, authorization } })
      expect({ status, code: body.Code }).toEqual({ status: 400, code: 'IncompleteSignature' })
    },
  )

  test('B2: HTTPS answers with a certificate that its CA vouches for', async () => {
    const secure = ownerClient(target, { endpoint: target.apiTls, ca: serverCa() })
    const { status } = await secure.call('ListCaCertificate', list)
    secure.close()
    expect(status).toBe(200)
  })
})
