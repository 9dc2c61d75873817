import { manualClock } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { NonceStore } from './nonce-store.ts'

const minute = 60_000

test('a nonce is used once per access key', () => {
  const clock = manualClock()
  const nonces = new NonceStore({ clock })
  expect(nonces.has('K1', 'n')).toBe(false)
  expect(nonces.remember('K1', 'n', clock.now())).toBe('remembered')
  expect(nonces.has('K1', 'n')).toBe(true)
  expect(nonces.remember('K1', 'n', clock.now())).toBe('used')
  expect(nonces.remember('K2', 'n', clock.now())).toBe('remembered')
})

test('a nonce is remembered for as long as its timestamp is accepted, past, present and future, then forgotten', () => {
  for (const skew of [-15 * minute, 0, 15 * minute]) {
    const clock = manualClock()
    const nonces = new NonceStore({ clock })
    nonces.remember('K', 'n', clock.now() + skew)
    clock.advance(15 * minute + skew)
    expect(nonces.has('K', 'n')).toBe(true)
    clock.advance(5 * minute + 1)
    expect(nonces.has('K', 'n')).toBe(false)
    expect(nonces.size).toBe(0)
  }
})

test('a full store refuses new nonces and forgets none; one key can fill a quarter of it', () => {
  const clock = manualClock()
  const nonces = new NonceStore({ clock, capacity: 8 })
  const remember = (key: string, nonce: string) => nonces.remember(key, nonce, clock.now())
  expect([remember('A', '1'), remember('A', '2'), remember('A', '3')]).toEqual(['remembered', 'remembered', 'full'])
  for (const key of ['B', 'C', 'D']) expect([remember(key, '1'), remember(key, '2')]).not.toContain('full')
  expect(remember('E', '1')).toBe('full')
  expect(remember('A', '1')).toBe('used')
  clock.advance(21 * minute)
  expect(remember('E', '1')).toBe('remembered')
})

test('a reset forgets every nonce', () => {
  const clock = manualClock()
  const nonces = new NonceStore({ clock })
  nonces.remember('K', 'n', clock.now())
  nonces.reset()
  expect(nonces.has('K', 'n')).toBe(false)
})
