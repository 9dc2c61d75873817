import { manualClock } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { Throttle } from './throttle.ts'

const throttleOf = (limitPerSecond: number) => {
  const clock = manualClock()
  return { clock, throttle: new Throttle({ clock, limitPerSecond }) }
}

test('D1: each account has the whole limit for each operation', () => {
  const { throttle } = throttleOf(2)
  for (const account of ['1', '2']) {
    for (const action of ['A', 'B']) {
      const admitted = [1, 2, 3].map(() => throttle.admit(account, action).admitted)
      expect(admitted).toEqual([true, true, false])
    }
  }
})

test('D7: the limit can be raised and lowered between two calls', () => {
  const { throttle } = throttleOf(1)
  throttle.admit('1', 'A')
  expect(throttle.admit('1', 'A').admitted).toBe(false)
  throttle.setLimit(2)
  expect(throttle.admit('1', 'A').admitted).toBe(true)
  throttle.setLimit(1)
  expect(throttle.admit('1', 'A').admitted).toBe(false)
})

test('an operation with a quota of its own keeps it whatever the limit of the others is', () => {
  const clock = manualClock()
  const throttle = new Throttle({ clock, limitPerSecond: 2, quotaByAction: new Map([['Batch', 1]]) })
  const admitted = (action: string) => [1, 2, 3, 4].filter(() => throttle.admit('1', action).admitted).length
  expect([admitted('A'), admitted('Batch')]).toEqual([2, 1])
  throttle.setLimit(3)
  clock.advance(1000)
  expect([admitted('A'), admitted('Batch')]).toEqual([3, 1])
  throttle.setLimit(4, 'Batch')
  clock.advance(1000)
  expect([admitted('A'), admitted('Batch'), throttle.limitOf('Batch')]).toEqual([3, 4, 4])
})

test('a quota that is no limit is refused', () => {
  const quotaByAction = new Map([['Batch', 0]])
  expect(() => new Throttle({ clock: manualClock(), limitPerSecond: 1, quotaByAction })).toThrow(RangeError)
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e10])(
  'a limit of %d is refused, nothing changes',
  (limit) => {
    const { throttle } = throttleOf(1)
    const sentence = `the limit must be a whole number of calls a second from 1 to 1000000000; it was ${limit}`
    expect(() => throttle.setLimit(limit)).toThrow(new RangeError(sentence))
    expect(() => throttleOf(limit)).toThrow(RangeError)
    expect(throttle.admit('1', 'A')).toMatchObject({ admitted: true, limit: 1 })
  },
)

test('no caller whose window is not empty leaves the table, however many come', () => {
  const { clock, throttle } = throttleOf(1)
  for (let account = 0; account < 10_000; account += 1) throttle.admit(`early-${account}`, 'A')
  clock.advance(999)
  for (let account = 0; account < 10_000; account += 1) throttle.admit(`late-${account}`, 'A')
  expect(throttle.size).toBe(20_000)
  expect(throttle.admit('early-7', 'A').admitted).toBe(false)
})

test('callers whose window is empty leave the table as others come', () => {
  const { clock, throttle } = throttleOf(1)
  for (let second = 0; second < 20; second += 1) {
    for (let account = 0; account < 1000; account += 1) throttle.admit(`${second}-${account}`, 'A')
    clock.advance(1000)
    expect(throttle.size).toBeLessThanOrEqual(3000)
  }
})

test('a reset forgets every caller', () => {
  const { throttle } = throttleOf(1)
  throttle.admit('1', 'A')
  throttle.reset()
  expect([throttle.size, throttle.admit('1', 'A').admitted]).toEqual([0, true])
})
