import { expect, test } from 'vitest'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { admit } from './algorithm.ts'
import { SlidingWindow } from './sliding-window.ts'

test('D1: on a frozen clock the 501st is refused; 999 ms later none more, 1 ms later 500', () => {
  const window = new SlidingWindow()
  const admitted = (now: number) =>
    Array.from({ length: 600 }, () => admit(window, now, 500)).filter((decision) => decision.admitted).length
  expect(admitted(7)).toBe(500)
  expect(admitted(7 + 999)).toBe(0)
  expect(admitted(7 + 1000)).toBe(500)
})

test('a decision tells the limit, what remains, when the next call is admitted and when the window is empty', () => {
  const window = new SlidingWindow()
  const decided = (now: number) => Object.values(admit(window, now, 2))
  expect(Object.keys(admit(new SlidingWindow(), 0, 2))).toEqual([
    'admitted',
    'limit',
    'used',
    'remaining',
    'retryAfterMs',
    'resetMs',
  ])
  expect(decided(100)).toEqual([true, 2, 1, 1, 0, 1000])
  expect(decided(400.25)).toEqual([true, 2, 2, 0, 700, 1000])
  expect(decided(400.75)).toEqual([false, 2, 2, 0, 700, 1000])
  expect(admit(window, 1100.75, 2).admitted).toBe(true)
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
      const { admitted } = admit(window, now, limit)
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
      const { admitted, retryAfterMs } = admit(window, now, 7)
      if (admitted) continue
      if (retryAfterMs > 2) expect(admit(window, now + retryAfterMs - 2, 7).admitted).toBe(false)
      now += retryAfterMs
      expect(admit(window, now, 7).admitted).toBe(true)
    }
  }
})

test('D7: a limit that is lowered and raised again within the window has forgotten no call', () => {
  const window = new SlidingWindow()
  const admitted = (now: number, limit: number) => admit(window, now, limit).admitted
  for (let call = 0; call < 10; call += 1) expect(admitted(call, 10)).toBe(true)
  expect(admitted(20, 3)).toBe(false)
  expect(admit(window, 20, 3).retryAfterMs).toBe(987)
  expect(admitted(21, 10)).toBe(false)
  expect(admitted(22, 11)).toBe(true)
  expect(admitted(22, 11)).toBe(false)
  expect(admitted(1000, 11)).toBe(true)
})

test('a window is empty until a call is admitted and a second after the last', () => {
  const window = new SlidingWindow()
  expect(window.isEmpty(0)).toBe(true)
  admit(window, 0, 1)
  admit(window, 500, 1)
  expect([window.isEmpty(999.9), window.isEmpty(1000)]).toEqual([false, true])
})
