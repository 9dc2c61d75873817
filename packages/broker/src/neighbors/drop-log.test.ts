import { manualClock } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { DropLog } from './drop-log.ts'

function start() {
  const clock = manualClock()
  const told: string[] = []
  const drops = new DropLog<'full' | 'old'>(clock, (kind, count, about) => told.push(`${kind} ${count} ${about}`))
  return { clock, told, drops }
}

test('drops are told of as they begin, and then once a second with their number', () => {
  const { clock, told, drops } = start()
  for (let at = 0; at < 1000; at += 1) drops.count('full', `client ${at}`)
  drops.count('old', 'another')
  expect(told).toEqual(['full 1 client 0', 'old 1 another'])
  clock.advance(999)
  expect(told.length).toBe(2)
  clock.advance(1)
  expect(told.slice(2)).toEqual(['full 999 client 999'])
  drops.count('full', 'one more')
  expect(told.length).toBe(3)
  clock.advance(1000)
  expect(told.slice(3)).toEqual(['full 1 one more'])
  clock.advance(1000)
  drops.count('full', 'anew')
  expect(told.slice(4)).toEqual(['full 1 anew'])
})

test('what was not told yet is told at the end', () => {
  const { clock, told, drops } = start()
  drops.count('full', 'one')
  drops.count('full', 'two')
  drops.close()
  clock.advance(10_000)
  expect(told).toEqual(['full 1 one', 'full 1 two'])
})
