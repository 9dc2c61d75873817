import { expect, test } from 'vitest'
import { Tally } from './tally.ts'

test('counts by all labels together', () => {
  const tally = new Tally()
  for (const [one, two] of [
    ['a', 'x'],
    ['a', 'y'],
    ['a', 'x'],
    ['b', 'x'],
  ] as const)
    tally.add(one, two)
  expect([...tally]).toEqual([
    { labels: ['a', 'x'], count: 2 },
    { labels: ['a', 'y'], count: 1 },
    { labels: ['b', 'x'], count: 1 },
  ])
})

test('tells no more label values apart than it may, and loses no count', () => {
  const tally = new Tally(10)
  for (let at = 0; at < 1000; at += 1) tally.add(`label-${at}`)
  const all = [...tally]
  expect(all).toHaveLength(11)
  expect(all.find(({ labels }) => labels[0] === 'other')).toEqual({ labels: ['other'], count: 990 })
})
