import { expect, test } from 'vitest'
import { seededNumbers } from '../../testing/seeded-numbers.ts'
import { editsBetween } from './edits.ts'
import { otherSpellings } from './other-spellings.ts'

test.each([
  ['0a1b2c', '0a1b2c', 0],
  ['0a1b2c', '0a1b2d', 1],
  ['0a1b2c', '0a1b2', 1],
  ['0a1b2', '0a1b2c', 1],
  ['0a1b2c', '0ab12c', 1],
  ['0a1b2c', '1a1b2d', 2],
  ['0a1b2c', 'a0b12c', 2],
  ['0a1b2c', '0a1b', 2],
  ['0a1b2c', '1a2b3c', undefined],
  ['0a1b2c', '0a1', undefined],
  ['', 'ab', 2],
  ['', 'abc', undefined],
])('B8: from %j to %j it is %s edits', (one, other, edits) => {
  expect([editsBetween(one, other), editsBetween(other, one)]).toEqual([edits, edits])
})

/** The textbook table (optimal string alignment), written anew so that the test does not share what it tests. */
function byTable(one: string, other: string): number {
  const row = Array.from({ length: one.length + 1 }, (_, i) => [i, ...Array.from({ length: other.length }, () => 0)])
  for (let j = 0; j <= other.length; j += 1) row[0]![j] = j
  for (let i = 1; i <= one.length; i += 1) {
    for (let j = 1; j <= other.length; j += 1) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1
      row[i]![j] = Math.min(row[i - 1]![j]! + 1, row[i]![j - 1]! + 1, row[i - 1]![j - 1]! + cost)
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (swapped) row[i]![j] = Math.min(row[i]![j]!, row[i - 2]![j - 2]! + 1)
    }
  }
  return row[one.length]![other.length]!
}

test('B8: it counts as the textbook does, up to two', () => {
  const next = seededNumbers(8)
  const text = () => Array.from({ length: Math.floor(next() * 7) }, () => 'abc'[Math.floor(next() * 3)]).join('')
  for (let pair = 0; pair < 5000; pair += 1) {
    const [one, other] = [text(), text()]
    const wanted = byTable(one, other)
    expect({ one, other, edits: editsBetween(one, other) }).toEqual({
      one,
      other,
      edits: wanted > 2 ? undefined : wanted,
    })
  }
})

test.each([
  ['00a1b2', []],
  ['0x00A1B2', ['00A1B2']],
  ['00:A1:B2', ['00A1B2']],
  ['00 a1-b2', ['00a1b2']],
  ['1193046', ['123456']],
  ['0x10', ['10', 'a']],
  ['1'.repeat(61), []],
  ['a'.repeat(401), []],
  ['zz', []],
])('B8: %s may stand for %j', (text, meant) => {
  expect(otherSpellings(text).map(({ sn }) => sn)).toEqual(meant)
})
