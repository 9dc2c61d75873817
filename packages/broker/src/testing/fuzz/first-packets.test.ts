import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('C1: of 5,000 random first packets, right and spoilt, the decoder reads what the parser reads', () => {
  expect(fuzz('connect', 20261124, 5_000)).toBeUndefined()
}, 300_000)
