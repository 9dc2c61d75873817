import { expect, test } from 'vitest'
import { latenciesOf, slopeOf, spreadOf } from './statistics.ts'

test('latencies are ranks of what was measured, nothing in between', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)
  const curve = [1, 10, 25, 50, 75, 90, 95, 98, 99, 100, 100, 100, 100, 100, 100]
  expect(latenciesOf(hundred)).toEqual({ count: 100, p50: 50, p99: 99, max: 100, curve })
  expect(latenciesOf([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7, curve: curve.map(() => 7) })
})

test('the spread of rounds is their median between the least and the most', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, min: 1, max: 4 })
})

test('a slope is that of the line that fits best', () => {
  expect(
    slopeOf([
      [0, 5],
      [10, 25],
      [20, 45],
    ]),
  ).toBe(2)
  expect(
    slopeOf([
      [1, 1],
      [2, 3],
      [3, 2],
    ]),
  ).toBe(0.5)
  expect(slopeOf([[1, 1]])).toBeNaN()
})
