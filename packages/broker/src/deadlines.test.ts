import { manualClock, type Clock } from '@apsaramq/model'
import { describe, expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'

/** A clock whose wall time can be set, and what it has been asked to wait. */
function settableClock() {
  const inner = manualClock(0)
  const asked: number[] = []
  let offset = 0
  const clock: Clock = {
    now: () => inner.now() + offset,
    monotonic: inner.monotonic,
    after(delayMs, work) {
      asked.push(delayMs)
      return inner.after(delayMs, work)
    },
  }
  return { clock, asked, advance: inner.advance, moveWallClock: (ms: number) => void (offset += ms) }
}

function watched(clock: Clock = manualClock(0), source: 'now' | 'monotonic' = 'now') {
  const due: string[][] = []
  return { due, deadlines: new Deadlines(clock, source, (keys) => void due.push(keys)) }
}

describe('deadlines', () => {
  test('fall due in order of their time, those of one moment together and in the order in which they came', () => {
    const clock = manualClock(0)
    const { due, deadlines } = watched(clock)
    for (const [key, at] of [
      ['late', 30],
      ['b', 20],
      ['a', 20],
      ['early', 10],
    ] as const)
      deadlines.set(key, at)
    clock.advance(9)
    expect(due).toEqual([])
    clock.advance(100)
    expect(due).toEqual([['early'], ['b', 'a'], ['late']])
    expect(deadlines.size).toBe(0)
  })

  test('that are past already fall due at the next turn of the clock, not inside the call', () => {
    const clock = manualClock(1000)
    const { due, deadlines } = watched(clock)
    deadlines.set('past', 10)
    expect(due).toEqual([])
    clock.advance(0)
    expect(due).toEqual([['past']])
  })

  test('that are deleted, set anew or cleared do not fall due when they were to', () => {
    const clock = manualClock(0)
    const { due, deadlines } = watched(clock)
    deadlines.set('deleted', 10)
    deadlines.set('moved', 10)
    deadlines.delete('deleted')
    deadlines.delete('unknown')
    deadlines.set('moved', 20)
    clock.advance(19)
    expect(due).toEqual([])
    clock.advance(1)
    expect(due).toEqual([['moved']])
    deadlines.set('cleared', 30)
    deadlines.clear()
    deadlines.set('after', 40)
    clock.advance(20)
    expect(due).toEqual([['moved'], ['after']])
  })

  test('a thousand that come and go leave the ones that stay, each at its time', () => {
    const clock = manualClock(0)
    const { due, deadlines } = watched(clock)
    for (let number = 0; number < 1000; number += 1) {
      deadlines.set(`${number}`, 1000 + number)
      if (number % 100 !== 0) deadlines.delete(`${number}`)
    }
    expect(deadlines.size).toBe(10)
    clock.advance(10_000)
    expect(due).toEqual(Array.from({ length: 10 }, (_, at) => [`${at * 100}`]))
  })

  test('in 50 years are not due at once: no timer is asked for more than ten minutes', () => {
    const { clock, asked, advance } = settableClock()
    const { due, deadlines } = watched(clock)
    deadlines.set('far', 50 * 365 * 86_400_000)
    advance(24 * 3_600_000)
    expect(due).toEqual([])
    expect(Math.max(...asked)).toBe(600_000)
    deadlines.clear()
    const before = asked.length
    advance(24 * 3_600_000)
    expect(asked).toHaveLength(before)
  })

  test('on the wall clock wait when it is moved back, and come when it is moved on', () => {
    const { clock, advance, moveWallClock } = settableClock()
    const { due, deadlines } = watched(clock)
    deadlines.set('one', 1000)
    moveWallClock(-500)
    advance(1000)
    expect(due).toEqual([])
    advance(500)
    expect(due).toEqual([['one']])
    deadlines.set('two', clock.now() + 3_600_000)
    moveWallClock(3_600_000)
    advance(600_000)
    expect(due).toEqual([['one'], ['two']])
  })

  test('that are durations take no notice of the wall clock', () => {
    const { clock, advance, moveWallClock } = settableClock()
    const { due, deadlines } = watched(clock, 'monotonic')
    deadlines.set('one', 1000)
    moveWallClock(-3_600_000)
    advance(1000)
    expect(due).toEqual([['one']])
  })
})
