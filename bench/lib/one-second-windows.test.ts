import { expect, test } from 'vitest'
import { answeredInOneSecond, provedInOneSecond } from './one-second-windows.ts'

const call = (sentAt: number, answeredAt = sentAt + 1) => ({ sentAt, answeredAt })

test('a window of one second is counted wherever it lies', () => {
  expect(provedInOneSecond([call(0), call(900), call(1_500), call(1_890)])).toBe(3)
  expect(provedInOneSecond([])).toBe(0)
})

test('a call that reaches out of the window proves nothing, though its answer may lie in it', () => {
  const calls = [call(0, 500), call(100, 1_200), call(200, 900)]
  expect(provedInOneSecond(calls)).toBe(2)
  expect(answeredInOneSecond(calls)).toBe(3)
})
