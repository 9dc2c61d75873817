import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { ambientProblems } from './ambient.ts'
import { checkoutOf } from './source/checkout.test-support.ts'

const path = 'packages/broker/src/sessions.ts'

test('the packages take time and chance as arguments', () => {
  expect(ambientProblems(dirname(import.meta.dirname))).toEqual([])
})

test.each([
  ['new Date()', 'new Date()'],
  ['Date()', 'Date()'],
  ['Date.now()', 'Date.now'],
  ['const now = Date.now', 'Date.now'],
  ['Math.random()', 'Math.random'],
  ['performance.now()', 'performance.now'],
  ['globalThis.performance.now()', 'globalThis.performance.now'],
  ['process.hrtime.bigint()', 'process.hrtime.bigint'],
  ['setTimeout(end, 5)', 'setTimeout()'],
  ['globalThis.setInterval(end, 5)', 'globalThis.setInterval()'],
])('%s is found with its line', (source, what) => {
  const [problem] = ambientProblems(checkoutOf({ [path]: `\n${source}\n` }))
  expect(problem).toBe(`${path}:2: ${what} takes time or chance from the air: take a Clock or a Random`)
})

test.each([["import { setTimeout } from 'node:timers/promises'", 'node:timers/promises']])(
  '%s is found',
  (source, module) => {
    expect(ambientProblems(checkoutOf({ [path]: source }))).toEqual([`${path}:1: ${module}: take a Clock`])
  },
)

test.each([
  'new Date(clock.now())',
  'clock.now()',
  'Date.UTC(2026, 0, 1)',
  "'Date.now()' // Date.now()",
  'socket.setTimeout(5)',
  'setImmediate(next)',
  "import { setImmediate as yieldTurn } from 'node:timers/promises'",
])('%s is nothing of the kind', (source) => {
  expect(ambientProblems(checkoutOf({ [path]: source }))).toEqual([])
})

test('the system clock and the tests are where it may come from', () => {
  const files = { 'packages/model/src/clock.ts': 'Date.now()', 'packages/broker/src/a.test.ts': 'Date.now()' }
  expect(ambientProblems(checkoutOf(files))).toEqual([])
})
