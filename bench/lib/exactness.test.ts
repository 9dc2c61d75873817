import { expect, test } from 'vitest'
import { admittedByWindow, judge, wronglyRefused } from './exactness.ts'

const decided = (at: number, admitted: boolean, within = 0) => ({ from: at, to: at + within, admitted })

test('a window that admits what fits and nothing else is found without a fault', () => {
  const calls = [0, 100, 200, 300, 999, 1_000, 1_050, 1_100]
  const admitted = [true, true, false, false, false, true, false, true]
  const decisions = calls.map((at, index) => decided(at, admitted[index]!))
  expect(judge(decisions, 2)).toEqual({ decisions: 8, admitted: 4, mostInOneSecond: 2, wronglyRefused: 0, allowed: 4 })
})

test('one call too many in a second that is aligned to nothing is seen', () => {
  const decisions = [400, 900, 1_399].map((at) => decided(at, true))
  expect(judge(decisions, 2)).toMatchObject({ mostInOneSecond: 3, allowed: 2 })
})

test('a refusal in front of a window with room is seen, unless its moments leave a doubt', () => {
  expect(wronglyRefused([decided(0, true), decided(500, false)], 2)).toBe(1)
  expect(wronglyRefused([decided(0, true), decided(1_000, false)], 1)).toBe(1)
  expect(wronglyRefused([decided(0, true, 5), decided(1_000, false, 5)], 1)).toBe(0)
  expect(wronglyRefused([decided(0, true), decided(500, false)], 1)).toBe(0)
})

test('a refusal is not judged where the calls of the second before it are not all known', () => {
  const decisions = [decided(0, true), decided(900, false), decided(1_100, false)]
  expect(wronglyRefused(decisions, 2)).toBe(2)
  expect(wronglyRefused(decisions, 2, 0)).toBe(1)
})

test('what a window admits depends on the moments, not on their order', () => {
  expect(admittedByWindow([1_000, 0, 999, 500], 2)).toBe(3)
  expect(admittedByWindow([], 2)).toBe(0)
})
