import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

const seed = 20261124

test('C1: 3,000 random sessions that are right pass, and are parsed as they were sent', () => {
  expect(fuzz('right', seed, 3_000)).toBeUndefined()
}, 300_000)

test('C1: of 10,000 sessions spoilt at random the parser gets nothing that it cannot read, however it comes', () => {
  expect(fuzz('wrong', seed, 10_000)).toBeUndefined()
}, 300_000)
