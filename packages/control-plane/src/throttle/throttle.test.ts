import { manualClock } from '@apsaramq/model'
import { describe, expect, test } from 'vitest'
import { callerFrom, ruleOf } from '../testing/throttle-rule.ts'
import type { ThrottleRule } from './rule.ts'
import { Throttle } from './throttle.ts'

function throttleOf(...rules: Partial<ThrottleRule>[]) {
  const clock = manualClock()
  const throttle = new Throttle({ clock, rules: rules.map(ruleOf) })
  const admitted = (account: string, action: string, more = {}) =>
    throttle.admit(callerFrom(account, more), action).admitted
  const countOf = (account: string, action: string, calls: number) =>
    Array.from({ length: calls }, () => admitted(account, action)).filter(Boolean).length
  return { clock, throttle, admitted, countOf }
}

test('D1: each account has the whole limit for each operation', () => {
  const { countOf } = throttleOf({ limit: 2 })
  for (const account of ['1', '2']) for (const action of ['A', 'B']) expect(countOf(account, action, 3)).toBe(2)
})

describe('D3: the scope says whose calls count together', () => {
  const owner = callerFrom('1', { accessKeyId: 'k1', sourceIp: 'ip1' })
  const sameUser = callerFrom('1', { userId: 'u', accessKeyId: 'k2', sourceIp: 'ip2' })
  const callers = [
    owner,
    { ...sameUser },
    { ...sameUser, accessKeyId: 'k3' },
    callerFrom('1', { userId: 'v', accessKeyId: 'k4', sourceIp: 'ip1' }),
    callerFrom('2', { accessKeyId: 'k5', sourceIp: 'ip1' }),
  ]
  test.each([
    ['account', [true, false, false, false, true]],
    ['user', [true, true, false, true, true]],
    ['key', [true, true, true, true, true]],
    ['ip', [true, true, false, false, false]],
  ] as const)('%s', (scope, expected) => {
    const { throttle } = throttleOf({ scope, limit: 1 })
    expect(callers.map((caller) => throttle.admit(caller, 'A').admitted)).toEqual(expected)
    expect(callers.map((caller) => throttle.admit(caller, 'A').admitted)).toEqual([false, false, false, false, false])
  })

  test('who has no access key is told apart by account', () => {
    const { throttle } = throttleOf({ scope: 'key', limit: 1 })
    const unsigned = ['1', '2', '1'].map((account) => callerFrom(account, { accessKeyId: '' }))
    expect(unsigned.map((caller) => throttle.admit(caller, 'A').admitted)).toEqual([true, true, false])
  })
})

test('D3: a shared limit is of all operations together', () => {
  const { admitted } = throttleOf({ per: 'shared', limit: 3 })
  expect(['A', 'B', 'A', 'C'].map((action) => admitted('1', action))).toEqual([true, true, true, false])
  expect(admitted('2', 'C')).toBe(true)
})

test('D3: an operation with a quota of its own keeps it beside a shared limit, and its calls count to that', () => {
  const { countOf, clock } = throttleOf(
    { name: 'calls', per: 'shared', limit: 5 },
    { name: 'operation', limitByAction: { Batch: 2 } },
  )
  expect([countOf('1', 'Batch', 4), countOf('1', 'A', 9)]).toEqual([2, 3])
  clock.advance(1000)
  expect([countOf('1', 'A', 9), countOf('1', 'Batch', 4)]).toEqual([5, 0])
})

describe('D3: several rules', () => {
  const both = [
    { name: 'calls', limit: 3 },
    { name: 'source-ip', scope: 'ip', limit: 2 },
  ] as const satisfies Partial<ThrottleRule>[]

  test('admit a call only together, and one that a rule refuses is counted by none', () => {
    const { throttle, clock } = throttleOf(...both)
    const from = (sourceIp: string) => throttle.admit(callerFrom('1', { sourceIp }), 'A')
    expect([from('x'), from('x')].map(({ admitted }) => admitted)).toEqual([true, true])
    for (let call = 0; call < 10; call += 1) expect(from('x').refusedBy).toBe('source-ip')
    expect(from('y').admitted).toBe(true)
    for (let call = 0; call < 10; call += 1) expect(from('y').refusedBy).toBe('calls')
    clock.advance(999)
    expect(from('y').admitted).toBe(false)
    clock.advance(1)
    expect([from('y'), from('y'), from('y')].map(({ refusedBy }) => refusedBy)).toEqual([
      undefined,
      undefined,
      'source-ip',
    ])
  })

  test('of two that refuse the one with the longer wait decides: who waits so long is admitted by both', () => {
    const { throttle, clock } = throttleOf({ name: 'a', limit: 2 }, { name: 'b', scope: 'ip', limit: 1 })
    const ask = (sourceIp: string) => throttle.admit(callerFrom('1', { sourceIp }), 'A')
    ask('x')
    clock.advance(400)
    ask('y')
    clock.advance(100)
    const { decisive, ...refused } = ask('y')
    expect([refused.refusedBy, decisive?.retryAfterMs]).toEqual(['b', 900])
    expect(refused.decisions.map(({ rule, admitted, retryAfterMs }) => [rule.name, admitted, retryAfterMs])).toEqual([
      ['a', false, 500],
      ['b', false, 900],
    ])
    clock.advance(899)
    expect(ask('y').admitted).toBe(false)
    clock.advance(1)
    expect(ask('y').admitted).toBe(true)
  })

  test('one that only warns names itself, lets go on, and warns of each call it would refuse', () => {
    const { throttle, clock } = throttleOf(both[0], { ...both[1], mode: 'warn' })
    const ask = () => throttle.admit(callerFrom('1'), 'A')
    expect([ask(), ask(), ask(), ask()].map(({ admitted, warnedBy }) => [admitted, warnedBy])).toEqual([
      [true, []],
      [true, []],
      [true, ['source-ip']],
      [false, ['source-ip']],
    ])
    clock.advance(1000)
    expect([ask(), ask(), ask()].map(({ warnedBy }) => warnedBy.length)).toEqual([0, 0, 1])
  })

  test('one that is off is not asked, and where none is enforced every call goes on', () => {
    const { throttle, countOf } = throttleOf({ ...both[0], mode: 'off' }, { ...both[1], mode: 'warn' })
    expect(throttle.rules().map(({ name }) => name)).toEqual(['source-ip'])
    expect(countOf('1', 'A', 100)).toBe(100)
    expect(throttle.admit(callerFrom('1'), 'A').decisive).toBeUndefined()
  })

  test('of an admitted call the enforced decision with the fewest calls left is told', () => {
    const { throttle } = throttleOf({ name: 'a', limit: 9 }, { name: 'b', scope: 'ip', limit: 5 })
    const { decisive } = throttle.admit(callerFrom('1'), 'A')
    expect([decisive?.rule.name, decisive?.limit, decisive?.remaining]).toEqual(['b', 5, 4])
  })

  test('of an admitted call that fills two windows the longer wait is told', () => {
    const { throttle, clock } = throttleOf({ name: 'a', limit: 2 }, { name: 'b', scope: 'ip', limit: 1 })
    const ask = (sourceIp: string) => throttle.admit(callerFrom('1', { sourceIp }), 'A').decisive
    ask('x')
    clock.advance(400)
    const { rule, remaining, retryAfterMs } = ask('y')!
    expect([rule.name, remaining, retryAfterMs]).toEqual(['b', 0, 1000])
  })
})

describe('D7: a limit', () => {
  test('is raised and lowered between two calls, and nothing is forgotten', () => {
    const { throttle, countOf } = throttleOf({ limit: 10 })
    expect(countOf('1', 'A', 10)).toBe(10)
    throttle.setLimit({ perSecond: 3 })
    expect(countOf('1', 'A', 1)).toBe(0)
    throttle.setLimit({ perSecond: 12 })
    expect(countOf('1', 'A', 9)).toBe(2)
  })

  test('of one operation keeps its own whatever the limit of the others is', () => {
    const { throttle, countOf, clock } = throttleOf({ limit: 2, limitByAction: { Batch: 1 } })
    expect([countOf('1', 'A', 9), countOf('1', 'Batch', 9)]).toEqual([2, 1])
    throttle.setLimit({ perSecond: 3 })
    clock.advance(1000)
    expect([countOf('1', 'A', 9), countOf('1', 'Batch', 9)]).toEqual([3, 1])
    throttle.setLimit({ perSecond: 4, action: 'Batch' })
    clock.advance(1000)
    expect([countOf('1', 'A', 9), countOf('1', 'Batch', 9)]).toEqual([3, 4])
  })

  test('of one account is raised for it alone, for one operation of it or for all that have none of their own', () => {
    const { throttle, countOf } = throttleOf({ limit: 2, limitByAction: { Batch: 1 } })
    throttle.setLimit({ perSecond: 5, accountId: '1' })
    throttle.setLimit({ perSecond: 7, accountId: '1', action: 'B' })
    const counts = ['1', '2'].map((account) => ['A', 'B', 'Batch'].map((action) => countOf(account, action, 9)))
    expect(counts).toEqual([
      [5, 7, 1],
      [2, 2, 1],
    ])
    expect(throttle.rules()).toEqual([
      expect.objectContaining({
        limit: 2,
        particular: [
          { action: 'Batch', perSecond: 1 },
          { accountId: '1', perSecond: 5 },
          { accountId: '1', action: 'B', perSecond: 7 },
        ],
      }),
    ])
  })

  test('of a rule is changed by its name', () => {
    const { throttle } = throttleOf({ name: 'a', limit: 1 }, { name: 'b', scope: 'ip', limit: 1 })
    throttle.setLimit({ perSecond: 2, rule: 'b' })
    throttle.setLimit({ perSecond: 3, rule: 'b', action: 'A' })
    expect(throttle.rules().map(({ name, limit, particular }) => [name, limit, particular])).toEqual([
      ['a', 1, []],
      ['b', 2, [{ action: 'A', perSecond: 3 }]],
    ])
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e10])('of %d is refused, nothing changes', (limit) => {
    const { throttle, countOf } = throttleOf({ limit: 1 })
    const sentence = `the limit must be a whole number of calls a second from 1 to 1000000000; it was ${limit}`
    expect(() => throttle.setLimit({ perSecond: limit })).toThrow(new RangeError(sentence))
    expect(() => throttle.setLimit({ perSecond: limit, action: 'A', accountId: '1' })).toThrow(new RangeError(sentence))
    expect(() => throttleOf({ limit })).toThrow(new RangeError(sentence))
    expect(() => throttleOf({ limitByAction: { A: limit } })).toThrow(new RangeError(sentence))
    expect([countOf('1', 'A', 3), throttle.rules()[0]?.particular]).toEqual([1, []])
  })

  test.each([
    [{ rule: 'c' }, 'no rule is named c; there are calls, operation, source-ip'],
    [{ rule: 'calls', action: 'A' }, 'the rule calls counts all operations together; it has no limit of A alone'],
    [{ rule: 'operation' }, 'the rule operation has limits of single operations only; say which operation'],
    [
      { rule: 'source-ip', accountId: '1' },
      'the rule source-ip counts source addresses; it has no limit of one account',
    ],
  ])('that a rule does not have is refused, nothing changes: %j', (change, sentence) => {
    const { throttle } = throttleOf(
      { name: 'calls', per: 'shared' },
      { name: 'operation', limitByAction: { Batch: 1 } },
      { name: 'source-ip', scope: 'ip' },
    )
    const before = throttle.rules()
    expect(() => throttle.setLimit({ perSecond: 9, ...change })).toThrow(new RangeError(sentence))
    expect(throttle.rules()).toEqual(before)
  })
})

test.each([
  [{ algorithm: 'leaky' }, 'the algorithm of the rule calls must be one of sliding, fixed, bucket; it was leaky'],
  [{ scope: 'planet' }, 'the scope of the rule calls must be one of account, user, key, ip; it was planet'],
  [{ per: 'day' }, 'the per of the rule calls must be one of operation, shared; it was day'],
  [{ mode: 'maybe' }, 'the mode of the rule calls must be one of enforce, warn, off; it was maybe'],
  [
    { code: 'SystemOverFlow' },
    'the code of the rule calls must be one of Throttling.User, Throttling.Api, Throttling; it was SystemOverFlow',
  ],
  [
    { per: 'shared', limitByAction: { A: 1 } },
    'the rule calls is of all operations together and cannot have limits of single ones',
  ],
])('a rule with %j is refused with one sentence', (more, sentence) => {
  expect(() => throttleOf(more as Partial<ThrottleRule>)).toThrow(new RangeError(sentence))
})

test('two rules of one name are refused', () => {
  expect(() => throttleOf({}, {})).toThrow(new RangeError('two rules of the throttle have the same name'))
})

test('no caller whose window is not empty leaves the table, however many come', () => {
  const { clock, throttle, admitted } = throttleOf({ limit: 1 })
  for (let account = 0; account < 10_000; account += 1) admitted(`early-${account}`, 'A')
  clock.advance(999)
  for (let account = 0; account < 10_000; account += 1) admitted(`late-${account}`, 'A')
  expect(throttle.size).toBe(20_000)
  expect(admitted('early-7', 'A')).toBe(false)
})

test.each(['sliding', 'fixed', 'bucket'] as const)('callers leave a table of %s as others come', (algorithm) => {
  const { clock, throttle, admitted } = throttleOf({ algorithm, limit: 1 })
  for (let second = 0; second < 20; second += 1) {
    for (let account = 0; account < 1000; account += 1) admitted(`${second}-${account}`, 'A')
    clock.advance(1000)
    expect(throttle.size).toBeLessThanOrEqual(3000)
  }
})

test('callers who came together and do not come back leave as one that stays goes on calling', () => {
  const { clock, throttle, admitted } = throttleOf({ limit: 100_000 })
  for (let account = 0; account < 5_000; account += 1) admitted(`once-${account}`, 'A')
  admitted('stays', 'A')
  clock.advance(1000)
  for (let call = 0; call < 5_010; call += 1) expect(admitted('stays', 'A')).toBe(true)
  expect(throttle.size).toBe(1)
  expect(throttle.usage().find(({ caller }) => caller === 'stays')).toMatchObject({ used: 5_010, allowed: 5_011 })
})

test('D6: the usage tells how each window stands, and what came of the calls of those who left theirs empty', () => {
  const { clock, throttle, countOf } = throttleOf({ name: 'calls', limit: 2 }, { name: 'all', per: 'shared', limit: 9 })
  countOf('1', 'A', 5)
  clock.advance(400)
  countOf('2', 'B', 1)
  const row = { scope: 'account', algorithm: 'sliding', mode: 'enforce' }
  const one = { ...row, caller: '1', accountId: '1', used: 2, allowed: 2, resetsInMs: 600 }
  const two = { ...row, caller: '2', accountId: '2', used: 1, allowed: 1, refused: 0, resetsInMs: 1000 }
  const rows = [
    { ...one, rule: 'calls', action: 'A', limit: 2, remaining: 0, refused: 3 },
    { ...two, rule: 'calls', action: 'B', limit: 2, remaining: 1 },
    { ...one, rule: 'all', action: undefined, limit: 9, remaining: 7, refused: 0 },
    { ...two, rule: 'all', action: undefined, limit: 9, remaining: 8 },
  ]
  expect(throttle.usage()).toEqual(rows)
  clock.advance(600)
  const empty = { used: 0, resetsInMs: 0 }
  const later = [
    { ...rows[0], ...empty, remaining: 2 },
    { ...rows[1], resetsInMs: 400 },
    { ...rows[2], ...empty, remaining: 9 },
    { ...rows[3], resetsInMs: 400 },
  ]
  expect(throttle.usage()).toEqual(later)
  countOf('3', 'B', 1)
  expect(throttle.size).toBe(4)
  const others = throttle.usage().filter(({ caller }) => caller !== '3')
  expect(others).toEqual([later[1], later[0], later[3], later[2]])
  expect(throttle.forgotten()).toEqual([])
})

test('D6: who comes back goes on counting, and those who are forgotten count as one', () => {
  const { clock, throttle, countOf } = throttleOf({ name: 'calls', limit: 2 })
  countOf('early', 'A', 3)
  for (let account = 0; account < 4_002; account += 1) countOf(`${account}`, 'A', 3)
  clock.advance(1_000)
  countOf('back', 'A', 1)
  for (let account = 0; account < 3_000; account += 1) countOf(`next-${account}`, 'A', 3)
  countOf('4001', 'A', 3)
  const [forgotten] = throttle.forgotten()
  expect(forgotten).toEqual({
    rule: 'calls',
    callers: expect.any(Number) as unknown,
    allowed: forgotten!.callers * 2,
    refused: forgotten!.callers,
  })
  expect(throttle.usage().find(({ caller }) => caller === '4001')).toMatchObject({ used: 2, allowed: 4, refused: 2 })
  const usage = throttle.usage()
  expect(usage.length + forgotten!.callers).toBe(7_004)
  const sum = (of: 'allowed' | 'refused') => usage.reduce((total, row) => total + row[of], forgotten![of])
  expect({ allowed: sum('allowed'), refused: sum('refused') }).toEqual({ allowed: 7_004 * 2 + 1, refused: 7_004 })
})

test('D7: a limit that is changed tells what it was, and all can go back while no call is forgotten', () => {
  const { throttle, countOf } = throttleOf({ limit: 2, limitByAction: { Batch: 1 } })
  const before = throttle.rules()
  countOf('1', 'A', 2)
  expect([
    throttle.setLimit({ perSecond: 5 }),
    throttle.setLimit({ perSecond: 7 }),
    throttle.setLimit({ perSecond: 8, action: 'Batch' }),
    throttle.setLimit({ perSecond: 9, accountId: '1' }),
  ]).toEqual([2, 5, 1, 7].map((was) => ({ rule: 'calls', before: was })))
  throttle.resetLimits()
  expect([throttle.rules(), countOf('1', 'A', 9), countOf('2', 'A', 9)]).toEqual([before, 0, 2])
})

test('D7: a reset forgets every caller and goes back to the limits it was made with', () => {
  const { throttle, countOf } = throttleOf({ limit: 1, limitByAction: { Batch: 2 } })
  const before = throttle.rules()
  countOf('1', 'A', 1)
  throttle.setLimit({ perSecond: 5 })
  throttle.setLimit({ perSecond: 5, action: 'Batch' })
  throttle.setLimit({ perSecond: 5, action: 'A', accountId: '1' })
  throttle.setLimit({ perSecond: 5, accountId: '1' })
  throttle.reset()
  expect([throttle.size, throttle.rules(), countOf('1', 'A', 9), countOf('1', 'Batch', 9)]).toEqual([0, before, 1, 2])
})
