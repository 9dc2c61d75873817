import { expect, test } from 'vitest'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { SlidingWindow } from './sliding-window.ts'

test('D1: on a frozen clock the 501st is refused; 999 ms later none more, 1 ms later 500', () => {
  const window = new SlidingWindow()
  const admitted = (now: number) =>
    Array.from({ length: 600 }, () => window.admit(now, 500)).filter((decision) => decision.admitted).length
  expect(admitted(7)).toBe(500)
  expect(admitted(7 + 999)).toBe(0)
  expect(admitted(7 + 1000)).toBe(500)
})

test('a decision tells the limit, what remains, when the next call is admitted and when the window is empty', () => {
  const window = new SlidingWindow()
  expect(window.admit(100, 2)).toEqual({ admitted: true, limit: 2, remaining: 1, retryAfterMs: 0, resetMs: 1000 })
  expect(window.admit(400.25, 2)).toEqual({
    admitted: true,
    limit: 2,
    remaining: 0,
    retryAfterMs: 700,
    resetMs: 1000,
  })
  expect(window.admit(400.75, 2)).toEqual({ admitted: false, limit: 2, remaining: 0, retryAfterMs: 700, resetMs: 1000 })
  expect(window.admit(1100.75, 2).admitted).toBe(true)
})

test('D1: in no window, at any alignment, more calls are admitted than the limit, and no call is refused that fits', () => {
  const wrong: object[] = []
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const next = seededNumbers(seed)
    const limit = 1 + Math.floor(next() * 40)
    const window = new SlidingWindow()
    const times: number[] = []
    let now = 0
    for (let call = 0; call < 2500; call += 1) {
      now += next() < 0.02 ? next() * 1500 : next() * (2000 / limit) * next()
      while (times.length > 0 && now - times[0]! >= 1000) times.shift()
      const fits = times.length < limit
      const { admitted } = window.admit(now, limit)
      if (admitted) times.push(now)
      if (admitted !== fits) wrong.push({ seed, now, limit, admitted, fits })
    }
  }
  expect(wrong).toEqual([])
})

test('D4: a lone client that waits exactly as long as it is told is admitted, and not a millisecond too late', () => {
  for (const seed of [11, 12, 13, 14]) {
    const next = seededNumbers(seed)
    const window = new SlidingWindow()
    let now = next() * 1000
    for (let round = 0; round < 500; round += 1) {
      now += next() * 20
      const { admitted, retryAfterMs } = window.admit(now, 7)
      if (admitted) continue
      if (retryAfterMs > 2) expect(window.admit(now + retryAfterMs - 2, 7).admitted).toBe(false)
      now += retryAfterMs
      expect(window.admit(now, 7).admitted).toBe(true)
    }
  }
})

test('D7: a limit that is lowered and raised again within the window has forgotten no call', () => {
  const window = new SlidingWindow()
  const admit = (now: number, limit: number) => window.admit(now, limit).admitted
  for (let call = 0; call < 10; call += 1) expect(admit(call, 10)).toBe(true)
  expect(admit(20, 3)).toBe(false)
  expect(window.admit(20, 3).retryAfterMs).toBe(987)
  expect(admit(21, 10)).toBe(false)
  expect(admit(22, 11)).toBe(true)
  expect(admit(22, 11)).toBe(false)
  expect(admit(1000, 11)).toBe(true)
})

test('a window is empty until a call is admitted and a second after the last', () => {
  const window = new SlidingWindow()
  expect(window.isEmpty(0)).toBe(true)
  window.admit(0, 1)
  window.admit(500, 1)
  expect([window.isEmpty(999.9), window.isEmpty(1000)]).toEqual([false, true])
})
