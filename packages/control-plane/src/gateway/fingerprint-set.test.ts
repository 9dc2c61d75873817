import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { FingerprintSet } from './fingerprint-set.ts'

const digest = (index: number) => hash('sha256', String(index), 'binary')

test('a fingerprint is in the set once it was added, and only then, through every growth', () => {
  const set = new FingerprintSet()
  const digests = Array.from({ length: 30_000 }, (_, index) => digest(index))
  const added = digests.slice(0, 20_000)
  const early = added.filter((one) => {
    const there = set.has(one)
    set.add(one)
    return there
  })
  expect(early).toEqual([])
  expect(digests.filter((one) => set.has(one))).toEqual(added)
  expect(set.size).toBe(20_000)
})

test('adding a fingerprint twice keeps one, and all zeros are a fingerprint like any other', () => {
  const set = new FingerprintSet()
  const zeros = '\0'.repeat(32)
  expect(set.has(zeros)).toBe(false)
  set.add(zeros)
  set.add(zeros)
  expect(set.has(zeros)).toBe(true)
  expect(set.size).toBe(1)
})
