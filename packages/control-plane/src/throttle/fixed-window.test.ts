import { expect, test } from 'vitest'
import { admit } from './algorithm.ts'
import { FixedWindow } from './fixed-window.ts'

const countAt = (window: FixedWindow, now: number, limit: number) =>
  Array.from({ length: limit * 3 }, () => admit(window, now, limit)).filter(({ admitted }) => admitted).length

test('D2: twice the limit is admitted within two milliseconds across the edge of two seconds', () => {
  const window = new FixedWindow()
  expect([countAt(window, 6999, 500), countAt(window, 7000, 500), countAt(window, 7999, 500)]).toEqual([500, 500, 0])
})

test('D2: a decision tells the limit, what is used and remains, and when the next second begins', () => {
  const window = new FixedWindow()
  const decided = (now: number) => admit(window, now, 2)
  expect(decided(3_400)).toEqual({ admitted: true, limit: 2, used: 1, remaining: 1, retryAfterMs: 0, resetMs: 600 })
  expect(decided(3_500.5)).toEqual({ admitted: true, limit: 2, used: 2, remaining: 0, retryAfterMs: 500, resetMs: 500 })
  expect(decided(3_999.5)).toEqual({ admitted: false, limit: 2, used: 2, remaining: 0, retryAfterMs: 1, resetMs: 1 })
  expect(decided(4_000)).toEqual({ admitted: true, limit: 2, used: 1, remaining: 1, retryAfterMs: 0, resetMs: 1000 })
})

test('D7: a lower limit than what is used refuses until the second is over', () => {
  const window = new FixedWindow()
  for (const now of [100, 200, 300]) admit(window, now, 5)
  expect(admit(window, 400, 2)).toEqual({
    admitted: false,
    limit: 2,
    used: 3,
    remaining: 0,
    retryAfterMs: 600,
    resetMs: 600,
  })
})
