import { expect, test } from 'vitest'
import { KeptSessions } from './kept-sessions.ts'

test('the session that was left first is forgotten, filters counted', () => {
  const forgotten: string[] = []
  const kept = new KeptSessions(10, (clientId) => forgotten.push(clientId))
  kept.left('one', 2)
  kept.left('two', 2)
  kept.left('three', 2)
  expect(forgotten).toEqual([])
  kept.left('one', 2) // came and went once more
  kept.left('four', 3)
  expect(forgotten).toEqual(['two'])
  kept.left('five', 9)
  expect(forgotten).toEqual(['two', 'three', 'one', 'four'])
})

test('one whose client is back is not counted', () => {
  const forgotten: string[] = []
  const kept = new KeptSessions(2, (clientId) => forgotten.push(clientId))
  kept.left('one', 0)
  kept.drop('one')
  kept.left('two', 0)
  kept.left('three', 0)
  expect(forgotten).toEqual([])
})
