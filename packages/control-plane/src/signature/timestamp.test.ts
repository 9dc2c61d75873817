import { expect, test } from 'vitest'
import { parseV1Timestamp, parseV3Date } from './timestamp.ts'

const noon = Date.UTC(2026, 1, 28, 12)

test('the time of a call is read to the second in V1, to the fraction in V3', () => {
  expect(parseV1Timestamp('2026-02-28T12:00:00Z')).toBe(noon)
  expect(parseV3Date('2026-02-28T12:00:00Z')).toBe(noon)
  expect(parseV3Date('2026-02-28T12:00:00.250Z')).toBe(noon + 250)
})

test.each([
  '',
  '2026-02-28',
  '2026-02-28 12:00:00',
  '2026-02-28T12:00:00',
  '2026-02-28T12:00:00+00:00',
  '2026-02-30T12:00:00Z',
  '2026-13-01T12:00:00Z',
  '2026-02-28T24:00:00Z',
  '2026-02-28T12:00:61Z',
  '20260228T120000Z',
  ' 2026-02-28T12:00:00Z',
  '2026-02-28T12:00:00Z\n',
  '1772280000000',
  '٢٠٢٦-02-28T12:00:00Z',
])('%j is no time', (text) => {
  expect([parseV1Timestamp(text), parseV3Date(text)]).toEqual([undefined, undefined])
})
