import { describe, expect, test } from 'vitest'
import { send, signed } from '../testing/caller.ts'
import { dialects, type CallToSign } from '../testing/signed-request.ts'
import { createWorld, instanceId, keys } from '../testing/world.ts'

const list = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
const contentTypes = { json: 'application/json;charset=utf-8', xml: 'text/xml;charset=utf-8' }

/** Asks for a format the way a dialect does: V1 has a common parameter, V3 a parameter like any other. */
function asking(format: string, more: Partial<CallToSign>): Partial<CallToSign> {
  const inV3 = more.dialect?.signature === 'V3'
  return inV3
    ? { ...more, parameters: { ...more.parameters, Format: format } }
    : { ...more, common: { Format: format } }
}

async function answerTo(world: Awaited<ReturnType<typeof createWorld>>, action: string, more: Partial<CallToSign>) {
  const response = await world.app.inject(signed(world, action, more))
  return { status: response.statusCode, type: response.headers['content-type'], body: response.body }
}

const requestId = /<RequestId>([0-9A-F-]{36})<\/RequestId>/

describe.each(dialects)('$signature, $method, $placement', (dialect) => {
  test.each(['XML', 'xml', 'Xml'])('B2: Format=%s is answered in XML', async (format) => {
    const world = await createWorld()
    const call = asking(format, { dialect, parameters: list })
    const { status, type, body } = await answerTo(world, 'ListCaCertificate', call)
    const id = requestId.exec(body)?.[1]
    expect({ status, type, body }).toEqual({
      status: 200,
      type: contentTypes.xml,
      body:
        `<?xml version='1.0' encoding='UTF-8'?><ListCaCertificateResponse><RequestId>${id}</RequestId>` +
        '<Data><Total>0</Total><PageNo>1</PageNo><PageSize>10</PageSize></Data></ListCaCertificateResponse>',
    })
    expect(world.assumed).toContain('A-53')
    expect(world.assumed.includes('A-56')).toBe(dialect.signature === 'V3')
  })

  test('B2: an error is in XML too, in the order of the gateway', async () => {
    const world = await createWorld()
    const call = asking('XML', { dialect, parameters: { ...list, PageNo: '0' } })
    const { status, type, body } = await answerTo(world, 'ListCaCertificate', call)
    const id = requestId.exec(body)?.[1]
    expect({ status, type, body }).toEqual({
      status: 500,
      type: contentTypes.xml,
      body:
        `<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>${id}</RequestId>` +
        '<HostId>onsmqtt.cn-hangzhou.aliyuncs.com</HostId><Code>ParameterFieldCheckFailed</Code>' +
        '<Message>Failed to validate the parameters. The parameters may be missing or invalid.</Message>' +
        `<Recommend><![CDATA[https://api.aliyun.com/troubleshoot?q=ParameterFieldCheckFailed&product=OnsMqtt&requestId=${id}]]></Recommend></Error>`,
    })
  })

  test('B2: a call that names no format is answered in JSON', async () => {
    const world = await createWorld()
    const common = { Format: undefined }
    const { status, type, body } = await answerTo(world, 'ListCaCertificate', { dialect, parameters: list, common })
    expect({ status, type }).toEqual({ status: 200, type: contentTypes.json })
    expect(JSON.parse(body)).toMatchObject({ Data: { CaCertificateVOS: [], Total: 0, PageNo: 1, PageSize: 10 } })
    expect(world.assumed.includes('A-54')).toBe(dialect.signature === 'V1')
  })
})

describe('refusals before the query is read', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const many = `Format=XML&${'a=1&'.repeat(1001)}`

  test.each([
    ['another path', { method: 'GET', url: '/nowhere?Format=XML' }, 404, 'InvalidAction.NotFound'],
    ['another method', { method: 'PUT', url: '/?a=b&Format=xml' }, 403, 'UnsupportedHTTPMethod'],
    ['a path that cannot be decoded', { method: 'GET', url: '/%?Format=XML' }, 404, 'InvalidAction.NotFound'],
    ['too many parameters', { method: 'GET', url: `/?${many}` }, 413, 'RequestTooLarge'],
    [
      'a body that is too large',
      { method: 'POST', url: '/?Format=XML', payload: 'x'.repeat(10 * 1024 * 1024 + 1), headers: form },
      413,
      'RequestTooLarge',
    ],
  ] as const)('B2: %s is answered in XML where the query asks for it', async (_what, request, status, code) => {
    const { app } = await createWorld()
    const response = await app.inject(request)
    expect([response.statusCode, response.headers['content-type']]).toEqual([status, contentTypes.xml])
    expect(response.body).toContain(`<Error><RequestId>`)
    expect(response.body).toContain(`<Code>${code}</Code>`)
    const plain = await app.inject({ ...request, url: request.url.replace(/Format=xml/i, 'Format=JSON') })
    expect([plain.statusCode, plain.json().Code]).toEqual([status, code])
  })

  test.each(['YAML', 'XML,JSON', 'X ML'])('B2: Format=%s is refused in JSON', async (format) => {
    const world = await createWorld()
    const answer = await send(world, signed(world, 'ListCaCertificate', { common: { Format: format } }))
    expect([answer.status, answer.body.Code]).toEqual([400, 'InvalidParameter.Format'])
  })
})

test('B2: the text to sign comes in XML as it would in JSON, so that a client can compare it', async () => {
  const world = await createWorld()
  const call = asking('XML', { parameters: list, key: { ...keys.owner, secret: 'wrong' } })
  const { status, body } = await answerTo(world, 'ListCaCertificate', call)
  expect(status).toBe(400)
  expect(body).toContain('server string to sign is:POST&amp;%2F&amp;AccessKeyId%3DOWNER%26Action%3DListCaCertificate')
})

test('B2: a bug is answered in XML to who asked for it', async () => {
  const world = await createWorld()
  const { store } = world
  Object.assign(store, {
    transact: async () => {
      throw new TypeError('x is not a function')
    },
  })
  const call = asking('XML', { parameters: { MqttInstanceId: instanceId } })
  const { status, body } = await answerTo(world, 'GetRegisterCode', call)
  expect([status, /<Code>(.*)<\/Code>/.exec(body)?.[1]]).toEqual([417, 'InternalError'])
})
