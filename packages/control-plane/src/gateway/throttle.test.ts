import { describe, expect, test } from 'vitest'
import type { ControlPlaneSettings } from '../settings.ts'
import { call, errorBodyOf, send, signed, type Answer } from '../testing/caller.ts'
import { createWorld, defaultThrottle, instanceId, keys, otherId, ownerId, type World } from '../testing/world.ts'

const MqttInstanceId = instanceId
const page = { MqttInstanceId, PageNo: '1', PageSize: '1' }

const worldOf = (limitPerSecond: number, throttle: Partial<ControlPlaneSettings['throttle']> = {}) =>
  createWorld({ limitPerSecond, throttle: { ...defaultThrottle, ...throttle } })

type Key = keyof typeof keys

/** A call that is documented for GET and comes by POST, as generic clients send it. */
function ask(world: World, by: Key = 'owner', action = 'ListCaCertificate', remoteAddress?: string): Promise<Answer> {
  const request = signed(world, action, { parameters: page, key: keys[by] })
  return send(world, { ...request, ...(remoteAddress && { remoteAddress }) })
}

/** Codes of calls one after another, 200 for those that were done. */
async function outcomes(world: World, calls: [by: Key, action?: string | undefined, remoteAddress?: string][]) {
  const codes: unknown[] = []
  for (const one of calls) {
    const { status, body } = await ask(world, ...one)
    codes.push(status === 200 ? 200 : body.Code)
  }
  return codes
}

const refusedAs = 'Throttling.User'

function rateOfThree(remaining: number, left: number): string {
  return `Limit:3,Remain:${remaining},TimeLeft:${left},Reset:1000`
}

function warnings({ log }: World) {
  return log.filter(({ kind }) => kind === 'warn')
}

describe('D4: the refusal', () => {
  test.each([
    ['Throttling.User', 'Request was denied due to user flow control.'],
    ['Throttling.Api', 'Request was denied due to api flow control.'],
    ['Throttling', 'Request was denied due to flow control.'],
  ] as const)('is %s where that is set', async (code, message) => {
    const world = await worldOf(1, { code })
    await ask(world)
    world.clock.advance(250)
    const { status, headers, body } = await ask(world)
    const rate = 'Limit:1,Remain:0,TimeLeft:750,Reset:750'
    expect({ status, body }).toEqual({ status: 400, body: errorBodyOf({ status, headers, body }, code, message) })
    expect(headers).toMatchObject({
      'x-acs-retry-after': '750',
      'x-ratelimit-user-api': rate,
      'x-ratelimit-user': rate,
    })
    expect(world.log.at(-1)).toMatchObject({
      cause: 'throttled',
      code,
      status: 400,
      accountId: ownerId,
      accessKeyId: 'OWNER',
      remoteAddress: '127.0.0.1',
      throttle: { rule: 'calls', admitted: false, limit: 1, used: 1, retryAfterMs: 750 },
    })
  })

  test('also in XML, where that is asked for', async () => {
    const world = await worldOf(1)
    await ask(world)
    const request = signed(world, 'ListCaCertificate', { parameters: page, common: { Format: 'XML' } })
    const response = await world.app.inject(request)
    expect([response.statusCode, response.headers['content-type'], response.headers['x-acs-retry-after']]).toEqual([
      400,
      'text/xml;charset=utf-8',
      '1000',
    ])
    expect(response.body).toContain('<Code>Throttling.User</Code>')
  })

  test('D5: changes nothing, and looks at nothing behind the throttle', async () => {
    const world = await worldOf(1)
    await call(world, 'GetRegisterCode', { MqttInstanceId })
    const changes: unknown[] = []
    world.store.subscribe((change) => void changes.push(change))
    const before = world.plane.conformance()
    for (let at = 0; at < 20; at += 1) {
      const answer = await call(world, 'GetRegisterCode', { MqttInstanceId, Unread: 'x' })
      expect(answer.body.Code).toBe(refusedAs)
    }
    expect([changes, world.plane.conformance()]).toEqual([[], before])
    world.clock.advance(1000)
    expect((await call(world, 'GetRegisterCode', { MqttInstanceId })).status).toBe(200)
    expect(changes).toHaveLength(1)
  })

  test.each([
    ['sliding', {}, `account ${ownerId} made 1 calls within a second; wait 1000 ms`],
    ['fixed', {}, `account ${ownerId} made 1 calls in this second; wait 1000 ms`],
    ['bucket', {}, `account ${ownerId} has used up its bucket of 1 calls a second; wait 1000 ms`],
    ['sliding', { scope: 'user' }, `the owner of ${ownerId} made 1 calls within a second; wait 1000 ms`],
    ['sliding', { scope: 'key' }, 'access key OWNER made 1 calls within a second; wait 1000 ms'],
    ['sliding', { scope: 'ip' }, 'source address 127.0.0.1 made 1 calls within a second; wait 1000 ms'],
    [
      'sliding',
      { per: 'shared' },
      `account ${ownerId} made 1 calls within a second, of all operations together; wait 1000 ms`,
    ],
  ] as const)('tells the log which limit it was: %s %j', async (algorithm, more, text) => {
    const world = await worldOf(1, { algorithm, ...more })
    await outcomes(world, [['owner'], ['owner']])
    expect(world.log.at(-1)?.message).toBe(`ListCaCertificate was refused: ${text}`)
  })

  test.each([
    [{}, []],
    [{ algorithm: 'fixed' }, ['A-79']],
    [{ algorithm: 'bucket', scope: 'user' }, ['A-66', 'A-79']],
    [{ per: 'shared' }, ['A-59']],
    [{ sourceIp: { mode: 'enforce', limit: 1 } }, ['A-58'], 'reader'],
  ] as const)('counts what it rests on: %j', async (more, expected, second: Key = 'owner') => {
    const world = await worldOf(second === 'owner' ? 1 : 9, more)
    await ask(world)
    world.assumed.length = 0
    await ask(world, second)
    const common = ['A-05', 'A-06', 'A-20', 'A-25', 'A-30']
    expect(world.assumed.toSorted()).toEqual([...common, ...expected].toSorted())
  })
})

test('D4: an answer to an admitted call, too, tells the window with the fewest calls left', async () => {
  const world = await worldOf(500, { sourceIp: { mode: 'enforce', limit: 3 } })
  const rateOf = async () => {
    const { headers } = await ask(world)
    return [headers['x-ratelimit-user-api'], headers['x-ratelimit-user'], headers['x-acs-retry-after']]
  }
  expect(await rateOf()).toEqual([rateOfThree(2, 0), rateOfThree(2, 0), undefined])
  world.clock.advance(100)
  expect(await rateOf()).toEqual([rateOfThree(1, 0), rateOfThree(1, 0), undefined])
  expect(await rateOf()).toEqual([rateOfThree(0, 900), rateOfThree(0, 900), undefined])
})

describe('D3: calls count together by', () => {
  test.each([
    ['account', refusedAs, 'MqttOwnerCheckError'],
    ['user', 200, 'MqttOwnerCheckError'],
    ['key', 200, 'MqttOwnerCheckError'],
    ['ip', refusedAs, refusedAs],
  ] as const)('%s', async (scope, ofReader, ofStranger) => {
    const world = await worldOf(1, { scope })
    const codes = await outcomes(world, [['owner'], ['reader'], ['owner'], ['other']])
    expect(codes).toEqual([200, ofReader, refusedAs, ofStranger])
    const elsewhere = await ask(world, 'reader', undefined, '192.0.2.7')
    expect(elsewhere.status).toBe(scope === 'ip' ? 200 : 400)
  })

  test('role: its tokens are one user, and not the owner', async () => {
    const world = await worldOf(1, { scope: 'user' })
    await world.store.transact((tx) => {
      tx.roles.put({ id: 'r', accountId: ownerId, name: 'factory', policies: ['AliyunMQFullAccess'] })
      for (const id of ['STS.1', 'STS.2']) tx.securityTokens.put(tokenOf(world, id))
    })
    const asked = (id: string) =>
      call(world, 'ListCaCertificate', page, {
        key: { id, secret: 'secret' },
        common: { SecurityToken: `token of ${id}` },
      })
    expect((await ask(world)).status).toBe(200)
    expect((await asked('STS.1')).status).toBe(200)
    expect((await asked('STS.2')).body.Code).toBe(refusedAs)
    expect(world.log.at(-1)).toMatchObject({
      userName: 'factory',
      message: `ListCaCertificate was refused: role/r of ${ownerId} made 1 calls within a second; wait 1000 ms`,
    })
  })

  test('address: one that IPv6 shows as mapped is the same', async () => {
    const world = await worldOf(1, { scope: 'ip' })
    expect(
      await outcomes(world, [
        ['owner', undefined, '192.0.2.1'],
        ['reader', undefined, '::ffff:192.0.2.1'],
      ]),
    ).toEqual([200, refusedAs])
  })
})

const tokenOf = ({ clock }: World, accessKeyId: string) => ({
  accessKeyId,
  secret: 'secret',
  token: `token of ${accessKeyId}`,
  accountId: ownerId,
  holder: { kind: 'role', roleId: 'r' } as const,
  sessionName: 's',
  policy: null,
  issuedAt: clock.now(),
  expiresAt: clock.now() + 60_000,
})

test('D3: a shared limit is of all operations together; the batch query keeps its own 100 beside it', async () => {
  const world = await worldOf(150, { per: 'shared', sourceIp: { mode: 'off', limit: 300 } })
  const batch = { InstanceId: instanceId, 'ClientIdList.1': 'GID_demo@@@one' }
  const done = async (action: string, parameters: Record<string, string>, calls: number) => {
    const answers = await Promise.all(Array.from({ length: calls }, () => call(world, action, parameters)))
    return answers.filter(({ status }) => status === 200).length
  }
  expect(await done('BatchQuerySessionByClientIds', batch, 120)).toBe(100)
  expect(world.log.at(-1)?.throttle).toMatchObject({ rule: 'operation', limit: 100 })
  expect(await done('ListCaCertificate', page, 60)).toBe(50)
  expect(await done('GetRegisterCode', { MqttInstanceId }, 3)).toBe(0)
  expect(world.log.at(-1)?.throttle).toMatchObject({ rule: 'calls', limit: 150 })
})

describe('D3: the documented limit of a source address', () => {
  test('only warns by default: the calls are done, one line a second says so, each call is counted', async () => {
    const world = await worldOf(500)
    const answers = await Promise.all(Array.from({ length: 350 }, () => ask(world)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(350)
    const text = `ListCaCertificate went on although source address 127.0.0.1 made 300 calls within a second: source-ip only warns`
    const facts = { plane: 'api', kind: 'warn', cause: 'source-ip-above-limit', action: 'ListCaCertificate' }
    expect(warnings(world)).toEqual([
      { ...facts, message: text, remoteAddress: '127.0.0.1', requestId: expect.any(String) as unknown },
    ])
    const warned = world.log.filter(({ kind, throttle }) => kind === 'call' && throttle?.warnedBy)
    expect(warned.map(({ throttle }) => throttle?.warnedBy)).toEqual(Array.from({ length: 50 }, () => ['source-ip']))
    expect(world.assumed.filter((id) => id === 'A-58')).toHaveLength(50)
    world.clock.advance(1000)
    await Promise.all(Array.from({ length: 301 }, () => ask(world)))
    expect(warnings(world).map(({ message }) => message)).toEqual([
      text,
      `${text}; 49 calls before it were above it, too`,
    ])
    world.plane.reset()
    await Promise.all(Array.from({ length: 301 }, () => ask(world)))
    expect(warnings(world).at(-1)?.message).toBe(text)
  })

  test('is of one operation, and of one address', async () => {
    const world = await worldOf(500, { sourceIp: { mode: 'warn', limit: 1 } })
    await outcomes(world, [['owner'], ['owner', 'GetRegisterCode'], ['owner', 'ListCaCertificate', '192.0.2.1']])
    expect(warnings(world)).toEqual([])
    await outcomes(world, [['reader']])
    expect(warnings(world)).toHaveLength(1)
  })

  test('refuses where it is enforced, across accounts, and counts refused calls nowhere', async () => {
    const world = await worldOf(3, { sourceIp: { mode: 'enforce', limit: 2 } })
    expect(await outcomes(world, [['owner'], ['reader'], ['owner'], ['other']])).toEqual([
      200,
      200,
      refusedAs,
      refusedAs,
    ])
    expect(world.log.at(-1)).toMatchObject({
      accountId: otherId,
      message: 'ListCaCertificate was refused: source address 127.0.0.1 made 2 calls within a second; wait 1000 ms',
    })
    const elsewhere = [200, refusedAs]
    expect(
      await outcomes(
        world,
        elsewhere.map(() => ['owner', undefined, '192.0.2.1']),
      ),
    ).toEqual(elsewhere)
    const { usage } = world.plane.limits()
    expect(usage.map(({ rule, caller, allowed, refused }) => [rule, caller, allowed, refused])).toEqual([
      ['calls', ownerId, 3, 1],
      ['source-ip', '127.0.0.1', 2, 2],
      ['source-ip', '192.0.2.1', 1, 0],
    ])
  })

  test('is not watched where it is off', async () => {
    const world = await worldOf(500, { sourceIp: { mode: 'off', limit: 1 } })
    await outcomes(world, [['owner'], ['owner']])
    expect([warnings(world), world.plane.limits().rules.map(({ name }) => name)]).toEqual([[], ['calls']])
  })
})

describe('D7: a limit that is changed while calls come', () => {
  test('is raised for one account alone, as if support had been asked; a reset takes that back', async () => {
    const world = await worldOf(1)
    expect(await world.plane.setLimit({ perSecond: 2, accountId: ownerId })).toEqual({ rule: 'calls', before: 1 })
    expect(await outcomes(world, [['owner'], ['owner'], ['owner']])).toEqual([200, 200, refusedAs])
    expect(await outcomes(world, [['other'], ['other']])).toEqual(['MqttOwnerCheckError', refusedAs])
    world.plane.reset()
    expect(await outcomes(world, [['owner'], ['owner']])).toEqual([200, refusedAs])
  })

  test.each([
    [{ perSecond: 2, accountId: '42' }, 'the limit is of an account that is known; 42 is none'],
    [{ perSecond: 2, action: 'ApplyToken' }, 'the limit is of an operation that is served; ApplyToken is none'],
    [{ perSecond: 2, rule: 'moon' }, 'no rule is named moon; there are calls, source-ip'],
    [{ perSecond: 0 }, 'the limit must be a whole number of calls a second from 1 to 1000000000; it was 0'],
  ])('stays as it was when the change is bad: %j', async (change, sentence) => {
    const world = await worldOf(1)
    const before = world.plane.limits()
    await expect(world.plane.setLimit(change)).rejects.toThrow(new RangeError(sentence))
    expect(world.plane.limits()).toEqual(before)
  })

  test('of single operations comes from the settings, too; one that is not served is refused', async () => {
    const world = await worldOf(5, { limitByAction: { ListCaCertificate: 1 } })
    expect(
      await outcomes(world, [['owner'], ['owner'], ['owner', 'GetRegisterCode'], ['owner', 'GetRegisterCode']]),
    ).toEqual([200, refusedAs, 200, 200])
    await expect(worldOf(5, { limitByAction: { ApplyToken: 1 } })).rejects.toThrow(
      new RangeError('the limit is of an operation that is served; ApplyToken is none'),
    )
  })
})
