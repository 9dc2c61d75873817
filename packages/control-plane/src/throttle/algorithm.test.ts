import { describe, expect, test } from 'vitest'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { admit, windowAlgorithms, type Algorithm, type Window } from './algorithm.ts'

const algorithms = Object.keys(windowAlgorithms) as Algorithm[] // the keys of its type
const seeds = [1, 2, 3, 4, 5, 6]

/** Calls of a drawn history: long pauses, bursts, and times that come twice. */
function* drawn(seed: number, calls: number) {
  const next = seededNumbers(seed)
  const limit = 1 + Math.floor(next() * 40)
  let now = next() * 10_000
  for (let call = 0; call < calls; call += 1) {
    const kind = next()
    if (kind < 0.02) now += next() * 1500
    else if (kind < 0.7) now += next() * (2000 / limit) * next()
    yield { now, limit, kind }
  }
}

/** A limit, and the times of the calls of a history that a window has admitted under it. */
function admittedTimes(window: Window, seed: number) {
  const times: number[] = []
  let most = 0
  for (const { now, limit } of drawn(seed, 2_500)) {
    most = limit
    if (admit(window, now, limit).admitted) times.push(now)
  }
  return { times, limit: most }
}

/** The most calls in any window [t, t + length) that begins at a call; no other begins with more. */
function mostWithin(times: readonly number[], lengthMs: number): number {
  let [first, most] = [0, 0]
  times.forEach((time, at) => {
    while (time - times[first]! >= lengthMs) first += 1
    most = Math.max(most, at - first + 1)
  })
  return most
}

const toleranceMs = 1e-6

/** The most calls that may be admitted within any so many milliseconds, at any alignment. */
const bounds: Record<Algorithm, (limit: number, lengthMs: number) => number> = {
  sliding: (limit, lengthMs) => limit * Math.ceil(lengthMs / 1000),
  fixed: (limit, lengthMs) => limit * (Math.ceil(lengthMs / 1000) + 1),
  bucket: (limit, lengthMs) => limit + Math.ceil((limit * (lengthMs + toleranceMs)) / 1000),
}

/** Whether a call must be admitted, told anew from the calls that were: by a model that keeps them all. */
const fits: Record<Algorithm, (admitted: readonly number[], now: number, limit: number) => boolean> = {
  sliding: (admitted, now, limit) => admitted.filter((time) => now - time < 1000).length < limit,
  fixed: (admitted, now, limit) =>
    admitted.filter((time) => Math.floor(time / 1000) === Math.floor(now / 1000)).length < limit,
  bucket(admitted, now, limit) {
    let [tokens, since] = [limit, 0]
    for (const time of admitted) {
      tokens = Math.min(limit, tokens + ((time - since) * limit) / 1000) - 1
      since = time
    }
    return Math.min(limit, tokens + ((now - since) * limit) / 1000) + 1e-6 >= 1
  },
}

describe.each(algorithms)('D2: %s', (algorithm) => {
  const make = windowAlgorithms[algorithm]

  test.each([100, 250, 1000, 1700, 3000])(
    'never admits more than it may within any %d ms, at any alignment',
    (length) => {
      for (const seed of seeds) {
        const { times, limit } = admittedTimes(make(), seed)
        expect(times.length).toBeGreaterThan(limit)
        expect(mostWithin(times, length)).toBeLessThanOrEqual(bounds[algorithm](limit, length))
      }
    },
  )

  test('admits a call exactly where a model that keeps every call does', () => {
    const wrong: object[] = []
    for (const seed of seeds) {
      const window = make()
      const admitted: number[] = []
      for (const { now, limit } of drawn(seed, 1_200)) {
        const decision = admit(window, now, limit)
        const expected = fits[algorithm](admitted, now, limit)
        if (decision.admitted !== expected) wrong.push({ seed, now, limit, decision })
        if (decision.admitted) admitted.push(now)
      }
    }
    expect(wrong).toEqual([])
  })

  test('on a frozen clock the 501st call is refused, and a second later all 500 are there again', () => {
    const window = make()
    const countAt = (now: number) =>
      Array.from({ length: 600 }, () => admit(window, now, 500)).filter(({ admitted }) => admitted).length
    expect([countAt(0), countAt(1000), countAt(2000)]).toEqual([500, 500, 500])
  })

  test('D4: a lone client that waits as long as it is told is admitted, and not a millisecond too late', () => {
    for (const seed of seeds) {
      const next = seededNumbers(seed)
      const window = make()
      const limit = 1 + Math.floor(next() * 700)
      let [now, refusals] = [next() * 1e7, 0]
      while (refusals < 300) {
        now += next() < 0.1 ? next() * 20 : 0
        const { admitted, retryAfterMs } = admit(window, now, limit)
        if (admitted) continue
        refusals += 1
        if (retryAfterMs > 2) expect(window.takes(now + retryAfterMs - 2, limit)).toBe(false)
        now += retryAfterMs
        expect(admit(window, now, limit).admitted).toBe(true)
      }
    }
  })

  test('tells how many more it takes, and takes so many', () => {
    for (const seed of seeds) {
      const window = make()
      for (const { now, limit, kind } of drawn(seed, 600)) {
        const { remaining, retryAfterMs } = window.standing(now, limit)
        expect(retryAfterMs > 0).toBe(remaining === 0)
        if (kind > 0.05) {
          admit(window, now, limit)
          continue
        }
        const taken = Array.from({ length: limit + 1 }, () => admit(window, now, limit)).filter(
          ({ admitted }) => admitted,
        )
        expect(taken.length).toBe(remaining)
      }
    }
  })

  test('is empty when it says it will be, and takes the whole limit then', () => {
    for (const seed of seeds) {
      const window = make()
      for (const { now, limit } of drawn(seed, 300)) {
        const { resetMs } = admit(window, now, limit)
        expect(window.isEmpty(now)).toBe(false)
        expect([window.isEmpty(now + resetMs), resetMs <= 1001]).toEqual([true, true])
        expect(window.standing(now + resetMs, limit)).toEqual({
          used: 0,
          remaining: limit,
          retryAfterMs: 0,
          resetMs: 0,
        })
      }
    }
  })

  test('D7: a limit that is lowered and raised again within the window forgets nothing', () => {
    const [changed, same] = [make(), make()]
    for (const now of [100, 150, 200, 250]) {
      admit(changed, now, 10)
      admit(same, now, 10)
    }
    expect([admit(changed, 300, 1).admitted, admit(changed, 320, 1).admitted]).toEqual([false, false])
    expect(changed.standing(330, 10)).toEqual(same.standing(330, 10))
  })

  test('a refused call leaves it as it was', () => {
    const window = make()
    while (admit(window, 5, 3).admitted) continue
    const before = window.standing(10, 3)
    for (let call = 0; call < 100; call += 1) expect(admit(window, 10, 3).admitted).toBe(false)
    expect(window.standing(10, 3)).toEqual(before)
  })
})
