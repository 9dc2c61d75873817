import { expect, test } from 'vitest'
import { admit } from './algorithm.ts'
import { TokenBucket } from './token-bucket.ts'

const admitted = (window: TokenBucket, now: number, limit: number) => admit(window, now, limit).admitted

test('D2: who has rested gets the whole bucket at once and the refill beside it: twice the limit in the first second', () => {
  const bucket = new TokenBucket()
  const counts = Array.from({ length: 1001 }, (_, now) => {
    let count = 0
    while (admitted(bucket, now, 500)) count += 1
    return count
  })
  expect(counts[0]).toBe(500)
  expect(counts.slice(1, 5)).toEqual([0, 1, 0, 1])
  expect(counts.reduce((sum, count) => sum + count)).toBe(1000)
})

test('D2: a decision tells the limit, what is used and remains, and when the next token is there and the bucket full', () => {
  const bucket = new TokenBucket()
  const decided = (now: number) => admit(bucket, now, 4)
  expect(decided(100)).toEqual({ admitted: true, limit: 4, used: 1, remaining: 3, retryAfterMs: 0, resetMs: 250 })
  for (let call = 0; call < 2; call += 1) decided(100)
  expect(decided(100)).toEqual({ admitted: true, limit: 4, used: 4, remaining: 0, retryAfterMs: 250, resetMs: 1000 })
  expect(decided(300)).toEqual({ admitted: false, limit: 4, used: 4, remaining: 0, retryAfterMs: 50, resetMs: 800 })
  expect(decided(350)).toEqual({ admitted: true, limit: 4, used: 4, remaining: 0, retryAfterMs: 250, resetMs: 1000 })
  expect([bucket.isEmpty(1349), bucket.isEmpty(1350)]).toEqual([false, true])
})

test('D2: a limit that no whole millisecond divides loses nothing over a thousand seconds', () => {
  const bucket = new TokenBucket()
  let count = 0
  for (let now = 0; now < 1_000_000; now += 1) if (admitted(bucket, now + 0.25, 7)) count += 1
  expect(count).toBe(7 + 7 * 999 + 6) // the bucket, and the refill until just before its last token
})

test('D7: a lower limit keeps the share that is spent, and never takes longer than a second to fill', () => {
  const bucket = new TokenBucket()
  for (let call = 0; call < 250; call += 1) admit(bucket, 0, 500)
  expect(bucket.standing(0, 100)).toEqual({ used: 50, remaining: 50, retryAfterMs: 0, resetMs: 500 })
  for (let call = 0; call < 250; call += 1) admit(bucket, 0, 500)
  expect(bucket.standing(0, 1)).toEqual({ used: 1, remaining: 0, retryAfterMs: 1000, resetMs: 1000 })
})

test.each([7, 30, 300, 900, 3000])('D2: a run of years changes nothing of a bucket of %d', (limit) => {
  for (const start of [0, 1e9 + 0.25, 3.2e10, 3.2e11]) {
    const bucket = new TokenBucket()
    const burst = (now: number) => Array.from({ length: limit + 5 }, () => admitted(bucket, now, limit)).filter(Boolean)
    expect({ start, first: burst(start).length }).toEqual({ start, first: limit })
    const { retryAfterMs } = bucket.standing(start, limit)
    expect({ start, retryAfterMs }).toEqual({ start, retryAfterMs: Math.ceil(1000 / limit) })
    expect({ start, after: burst(start + 1000).length }).toEqual({ start, after: limit })
  }
})
