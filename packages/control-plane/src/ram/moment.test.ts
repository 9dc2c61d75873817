import { expect, test } from 'vitest'
import { momentText, parseMoment } from './moment.ts'

test.each([
  ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ['2026-01-02T03:04:05+08:00', Date.UTC(2026, 0, 1, 19, 4, 5)],
  ['2026-01-31T23:30:00-01:00', Date.UTC(2026, 1, 1, 0, 30)],
  ['2024-02-29T00:00:00+14:00', Date.UTC(2024, 1, 28, 10)],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-02-30T00:00:00+08:00', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-01-02T24:00:00Z', undefined],
  ['2026-01-02T03:60:05Z', undefined],
  ['2026-01-02T03:04:05+24:00', undefined],
  ['2026-01-02T03:04:05', undefined],
  ['2026-01-02T03:04Z', undefined],
  ['2026-01-02', undefined],
  ['2026-01-02 03:04:05Z', undefined],
  ['1767323045', undefined],
  ['', undefined],
])('B6: the time %s', (text, at) => {
  expect(parseMoment(text)).toBe(at)
})

test('a moment is written to the second', () => {
  expect(momentText(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe('2026-01-02T03:04:05Z')
})
