import { expect, test } from 'vitest'
import { messageOf } from './message.ts'

test('a message that waits holds its own bytes alone, not the memory they came in', () => {
  const came = Buffer.from('a publication of many, and what it answers')
  const properties = { correlationData: came.subarray(35) }
  const head = { cmd: 'publish', brokerId: 'b', brokerCounter: 1, qos: 1, retain: false, dup: false } as const
  const { packet } = messageOf({ ...head, topic: 'demo', payload: came.subarray(2, 13), properties }, 0)
  const kept = [packet.payload as Buffer, packet.properties!.correlationData!]
  came.fill(0)
  expect(kept.map(String)).toEqual(['publication', 'answers'])
  expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([11, 7])
})
