import { expect, test } from 'vitest'
import { operations } from '../../operations/index.ts'
import { call, send, signed } from '../../testing/caller.ts'
import { dialects, type CallToSign, type Dialect } from '../../testing/signed-request.ts'
import { createWorld, instanceId, keys } from '../../testing/world.ts'
import { DeviationTable } from './deviation-table.ts'

const list = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
const agent = 'AlibabaCloud (linux; x64) Node.js/v20.20.2 Core/1.0.1 TeaDSL/2'

/** What a call of the owner is told to deviate in. */
async function deviationsOf(action: string, more: Partial<CallToSign>) {
  const world = await createWorld()
  const request = signed(world, action, more)
  await send(world, { ...request, headers: { ...request.headers, 'user-agent': agent } })
  return world.plane.conformance().entries.map(({ kind, about, suggestion }) => [kind, about, suggestion])
}

test.each(dialects)(
  'B7: a call that keeps to the pages leaves no trace: $signature $method $placement',
  async (dialect) => {
    const action = dialect.method === 'GET' ? 'ListCaCertificate' : 'InactivateCaCertificate'
    const parameters = dialect.method === 'GET' ? list : { MqttInstanceId: instanceId, Sn: '0a' }
    const place = dialect.placement === 'form' ? [['undocumented-place', 'form', 'query']] : []
    expect(await deviationsOf(action, { parameters, dialect })).toEqual(place)
  },
)

test.each(operations)('B7: all that $action reads is read', async ({ action, params, methods }) => {
  const parameters = Object.fromEntries(Object.keys(params.properties).map((name) => [name, 'x']))
  for (const signature of ['V1', 'V3'] as const) {
    const dialect: Dialect = { signature, method: methods[0]!, placement: 'query' }
    expect(await deviationsOf(action, { parameters, dialect })).toEqual([])
  }
})

test('B7: what SDKs send with every call is no deviation', async () => {
  const common = { SignatureType: '', RegionId: 'cn-hangzhou', ResourceOwnerId: '1' }
  expect(
    await deviationsOf('ActiveCaCertificate', { parameters: { MqttInstanceId: instanceId, Sn: '0a' }, common }),
  ).toEqual([])
})

const v1 = { signature: 'V1', method: 'GET', placement: 'query' } as const satisfies Dialect
const v3 = { ...v1, signature: 'V3' } as const

test.each([
  ['the name of the other operations', { InstanceId: 'x' }, ['unread-parameter', 'InstanceId', 'MqttInstanceId']],
  ['another case', { mqttinstanceid: 'x' }, ['unread-parameter', 'mqttinstanceid', 'MqttInstanceId']],
  ['a slip', { MqttInstnaceId: 'x' }, ['unread-parameter', 'MqttInstnaceId', 'MqttInstanceId']],
  ['nothing known', { MqttInstanceId: instanceId, Colour: 'red' }, ['unread-parameter', 'Colour', null]],
] as const)('B7: %s is reported with what was meant', async (_what, given, wanted) => {
  const parameters: Record<string, string> = { PageNo: '1', PageSize: '10', ...given }
  expect(await deviationsOf('ListCaCertificate', { parameters, dialect: v1 })).toEqual([wanted])
})

test('B7: of two serial numbers the one that is not sent is suggested', async () => {
  const parameters = { MqttInstanceId: instanceId, CaSn: '0a', Sn: '0b' }
  expect(await deviationsOf('ActiveDeviceCertificate', { parameters, dialect: { ...v1, method: 'POST' } })).toEqual([
    ['unread-parameter', 'Sn', 'DeviceSn'],
  ])
})

test('B7: what is a parameter in V1 and a header in V3 is unread in V3', async () => {
  const parameters = { ...list, Version: '2020-04-20', Format: 'JSON' }
  expect(await deviationsOf('ListCaCertificate', { parameters, dialect: v3 })).toEqual([
    ['unread-parameter', 'Version', null],
  ])
})

test('B7: a method that the page of the operation does not list is reported', async () => {
  const dialect = { ...v1, method: 'POST' } as const
  expect(await deviationsOf('ListCaCertificate', { parameters: list, dialect })).toEqual([
    ['undocumented-method', 'POST', 'GET'],
  ])
})

test('B7: a parameter with two values is reported', async () => {
  const world = await createWorld({ auth: 'off' })
  const url = `/?Action=ListCaCertificate&Version=2020-04-20&MqttInstanceId=${instanceId}&PageNo=1&PageNo=2&PageSize=10`
  await world.app.inject({ method: 'GET', url })
  expect(world.plane.conformance().entries).toMatchObject([
    { accessKeyId: '', action: 'ListCaCertificate', kind: 'repeated-parameter', about: 'PageNo', suggestion: null },
  ])
})

test('B7: signed headers in another order, or without content-type, are reported', async () => {
  const world = await createWorld({ auth: 'off' })
  const headers = {
    'x-acs-action': 'ListCaCertificate',
    'x-acs-version': '2020-04-20',
    'content-type': 'application/json',
    authorization: 'ACS3-HMAC-SHA256 Credential=OWNER,SignedHeaders=x-acs-version;Host;x-acs-action,Signature=00',
  }
  await world.app.inject({ method: 'GET', url: `/?MqttInstanceId=${instanceId}&PageNo=1&PageSize=10`, headers })
  expect(world.plane.conformance().entries.map(({ kind, about, suggestion }) => [kind, about, suggestion])).toEqual([
    ['signed-headers', 'x-acs-version;Host;x-acs-action', 'host;x-acs-action;x-acs-version'],
    ['signed-headers', 'content-type is not signed', null],
  ])
})

test('B7: an entry says whose call it was, how often, since when and by which client', async () => {
  const world = await createWorld()
  const send3 = async (key: { id: string; secret: string }) => {
    const request = signed(world, 'ListCaCertificate', { parameters: { ...list, Colour: 'red' }, dialect: v1, key })
    const answer = await send(world, { ...request, headers: { ...request.headers, 'user-agent': agent } })
    world.clock.advance(1000)
    return answer
  }
  const at = world.clock.now()
  await send3(keys.owner)
  const last = await send3(keys.owner)
  const readers = await send3(keys.reader)
  const subject = {
    action: 'ListCaCertificate',
    kind: 'unread-parameter',
    about: 'Colour',
    suggestion: null,
    client: agent,
  }
  expect(world.plane.conformance()).toEqual({
    capacity: 1000,
    uncounted: 0,
    entries: [
      {
        ...subject,
        accessKeyId: 'OWNER',
        count: 2,
        firstAt: at,
        lastAt: at + 1000,
        lastRequestId: last.body.RequestId,
      },
      {
        ...subject,
        accessKeyId: 'READER',
        count: 1,
        firstAt: at + 2000,
        lastAt: at + 2000,
        lastRequestId: readers.body.RequestId,
      },
    ],
  })
  world.plane.reset()
  expect(world.plane.conformance()).toEqual({ capacity: 1000, uncounted: 0, entries: [] })
})

test('B7: who may not call, or too often, leaves no entry', async () => {
  const world = await createWorld({ limitPerSecond: 1 })
  const parameters = { ...list, Colour: 'red' }
  await call(world, 'ListCaCertificate', parameters, { key: { ...keys.owner, secret: 'wrong' } })
  await call(world, 'ListCaCertificate', list, { dialect: v1 })
  await call(world, 'ListCaCertificate', parameters)
  expect(world.plane.conformance().entries).toEqual([])
})

test('B7: neither the number nor the length of names grows without end, and no value is kept', async () => {
  const world = await createWorld()
  const many = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`N${n}`, `secret-${n}`]))
  for (const first of ['A'.repeat(5000), 'B']) {
    const parameters = { ...list, ...many, [first]: 'secret', [`${first}-`]: 'secret' }
    await call(world, 'ListCaCertificate', parameters, { dialect: { ...v1, method: 'POST', placement: 'form' } })
    await call(world, 'ListDeviceCertificate', parameters, { dialect: { ...v1, method: 'POST', placement: 'form' } })
  }
  const report = world.plane.conformance()
  const text = JSON.stringify(report)
  expect(report.entries).toHaveLength(1000)
  expect(report.uncounted).toBeGreaterThan(1600)
  expect(text).not.toContain('secret')
  expect(text.length).toBeLessThan(400_000)
})

test('B7: a table that is full goes on counting what it has', () => {
  const table = new DeviationTable({ now: () => 5, monotonic: () => 0, after: () => () => undefined }, 1)
  const one = { accessKeyId: 'k', action: 'a', requestId: 'r', client: '' }
  table.count(one, { kind: 'unread-parameter', about: 'X' })
  table.count(one, { kind: 'unread-parameter', about: 'Y' })
  table.count({ ...one, requestId: 's' }, { kind: 'unread-parameter', about: 'X' })
  const { entries, uncounted } = table.report()
  expect([entries.map(({ about, count, lastRequestId }) => [about, count, lastRequestId]), uncounted]).toEqual([
    [['X', 2, 's']],
    1,
  ])
})
