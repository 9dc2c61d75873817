import { expect, test } from 'vitest'
import { limitsInForce, throttledCalls } from './throttle-series.ts'

type Limits = Parameters<typeof throttledCalls>[0]
type Rule = Limits['rules'][number]
type Usage = Limits['usage'][number]

const rule: Rule = {
  name: 'calls',
  scope: 'account',
  per: 'operation',
  algorithm: 'sliding',
  mode: 'enforce',
  code: 'Throttling.User',
  limit: 500,
  particular: [],
}
const sourceIp: Rule = { ...rule, name: 'source-ip', scope: 'ip', mode: 'warn', limit: 300 }

function usage(more: Partial<Usage>): Usage {
  const caller = { rule: 'calls', scope: 'account', caller: '1', accountId: '1', action: 'A' } as const
  const window = { algorithm: 'sliding', mode: 'enforce', limit: 500, used: 0, remaining: 500, resetsInMs: 0 } as const
  return { ...caller, ...window, allowed: 0, refused: 0, ...more }
}

const told = (samples: Iterable<{ labels: readonly string[]; count: number }>) =>
  [...samples].map(({ labels, count }) => `${labels.join(' ')}: ${count}`)

test('D6: calls are counted by rule, account and operation; above a rule that only warns they are warned of', () => {
  const limits: Limits = {
    rules: [rule, sourceIp],
    usage: [
      usage({ allowed: 7, refused: 3 }),
      usage({ caller: '2', accountId: '2', allowed: 1 }),
      usage({ rule: 'source-ip', scope: 'ip', caller: '127.0.0.1', allowed: 5, refused: 2 }),
      usage({ rule: 'source-ip', scope: 'ip', caller: '127.0.0.2', allowed: 3 }),
    ],
    forgotten: [],
  }
  expect(told(throttledCalls(limits))).toEqual([
    'source-ip  A allowed: 8',
    'source-ip  A warned: 2',
    'calls 1 A allowed: 7',
    'calls 1 A refused: 3',
    'calls 2 A allowed: 1',
  ])
})

test('D6: users and keys of an account are one series; a window of all operations has none', () => {
  const shared = usage({ caller: '1/reader', action: undefined, allowed: 2 })
  expect(told(throttledCalls({ rules: [rule], usage: [shared, { ...shared, caller: '1' }], forgotten: [] }))).toEqual([
    'calls 1  allowed: 4',
  ])
})

test('D6: the number of series is bounded, the sums are true, and who was forgotten is counted', () => {
  const accounts = Array.from({ length: 9 }, (_, at) => `${at}`).toReversed()
  const limits: Limits = {
    rules: [rule],
    usage: accounts.map((accountId) => usage({ caller: accountId, accountId, allowed: 2, refused: 1 })),
    forgotten: [{ rule: 'calls', callers: 2, allowed: 10, refused: 20 }],
  }
  expect(told(throttledCalls(limits, 5))).toEqual([
    'calls 0 A allowed: 2',
    'calls 0 A refused: 1',
    'calls 1 A allowed: 2',
    'calls 1 A refused: 1',
    'calls 2 A allowed: 2',
    'calls other other refused: 27',
    'calls other other allowed: 22',
  ])
})

test('D6: each limit in force is a series, that of an operation or an account beside that of all', () => {
  const particular = [
    { action: 'Batch', perSecond: 100 },
    { accountId: '1', perSecond: 900 },
    { accountId: '1', action: 'A', perSecond: 50 },
  ]
  const { limit: _, ...unlimited } = sourceIp
  const rules: Rule[] = [{ ...rule, particular }, unlimited]
  expect(told(limitsInForce({ rules, usage: [], forgotten: [] }))).toEqual([
    'calls  : 500',
    'calls  Batch: 100',
    'calls 1 : 900',
    'calls 1 A: 50',
  ])
})
