import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { FingerprintSet } from './fingerprint-set.ts'

const digest = (index: number) => hash('sha256', String(index), 'buffer')

test('a fingerprint is in the set once it was added, and only then, through every growth', () => {
  const set = new FingerprintSet()
  for (let index = 0; index < 20_000; index += 1) {
    expect(set.has(digest(index))).toBe(false)
    set.add(digest(index))
  }
  for (let index = 0; index < 20_000; index += 1) expect(set.has(digest(index))).toBe(true)
  for (let index = 20_000; index < 30_000; index += 1) expect(set.has(digest(index))).toBe(false)
  expect(set.size).toBe(20_000)
})

test('adding a fingerprint twice keeps one, and all zeros are a fingerprint like any other', () => {
  const set = new FingerprintSet()
  const zeros = Buffer.alloc(32)
  expect(set.has(zeros)).toBe(false)
  set.add(zeros)
  set.add(zeros)
  expect(set.has(zeros)).toBe(true)
  expect(set.size).toBe(1)
})
