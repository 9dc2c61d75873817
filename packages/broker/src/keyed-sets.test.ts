import { expect, test } from 'vitest'
import { createKeyedSets } from './keyed-sets.ts'

test('holds one item of a key, several, and none again', () => {
  const sets = createKeyedSets<string>()
  sets.add('a', '1')
  sets.add('b', '1')
  expect([sets.get('a'), sets.get('none')]).toEqual([['1'], []])
  sets.add('a', '1')
  sets.add('a', '2')
  expect([sets.get('a'), sets.has('a', '2'), sets.has('a', '3'), sets.has('b', '2')]).toEqual([
    ['1', '2'],
    true,
    false,
    false,
  ])
  sets.delete('a', '3')
  sets.delete('b', '2')
  sets.delete('a', '1')
  expect([sets.get('a'), sets.get('b')]).toEqual([['2'], ['1']])
  sets.delete('a', '2')
  sets.delete('b', '1')
  expect([sets.get('a'), sets.get('b'), sets.has('b', '1')]).toEqual([[], [], false])
  sets.add('a', '4')
  sets.clear()
  expect(sets.get('a')).toEqual([])
})
