import { manualClock } from '@apsaramq/model'
import { describe, expect, test } from 'vitest'
import { ClientQueue } from './client-queue.ts'
import { messageOf, messageOverheadBytes, copyOverheadBytes } from './message.ts'
import { OutgoingQueues, type DropReason } from './outgoing-queues.ts'

function start(limits: { maxMessages?: number; maxBytes?: number; maxAgeMs?: number } = {}) {
  const clock = manualClock()
  const dropped: [DropReason, string][] = []
  const queues = new OutgoingQueues({
    clock,
    limits: { maxMessages: 1000, maxBytes: 1_000_000, maxAgeMs: 60_000, ...limits },
    onDropped: (reason, clientId) => dropped.push([reason, clientId]),
  })
  let counter = 0
  const message = (payload: string) => {
    counter += 1
    const base = { cmd: 'publish', qos: 1, retain: false, dup: false, brokerId: 'broker' }
    return messageOf({ ...base, brokerCounter: counter, topic: 'demo', payload: Buffer.from(payload) }, clock.now())
  }
  const add = (payload: string, ...to: ClientQueue[]) => {
    const shared = message(payload)
    for (const queue of to) queues.add(queue, shared, 1)
  }
  return { clock, queues, dropped, add }
}

function payloadsOf({ entries }: ClientQueue): string[] {
  return [...entries].map(({ message }) => message.packet.payload.toString())
}

describe('the queues of an instance', () => {
  test('keep as many messages as they may, and drop the oldest of whichever client', () => {
    const { queues, dropped, add } = start({ maxMessages: 3 })
    const [one, other] = [queues.open('one'), queues.open('other')]
    add('a', one)
    add('b', one, other)
    add('c', other)
    expect([payloadsOf(one), payloadsOf(other)]).toEqual([['b'], ['b', 'c']])
    add('d', one)
    expect([payloadsOf(one), payloadsOf(other)]).toEqual([['d'], ['b', 'c']])
    expect(dropped).toEqual([
      ['messages', 'one'],
      ['messages', 'one'],
    ])
    expect(queues.messages).toBe(3)
  })

  test('count the bytes of a message once, however many wait for it, and let go of them with the last', () => {
    const { queues, add } = start()
    const [one, other] = [queues.open('one'), queues.open('other')]
    add('x'.repeat(1000), one, other)
    const bytes = messageOverheadBytes + 1000 + 2 * 'demo'.length
    expect(queues.bytes).toBe(bytes + 2 * copyOverheadBytes)
    queues.remove(one.entries.first!)
    expect(queues.bytes).toBe(bytes + copyOverheadBytes)
    const last = other.entries.first!
    queues.remove(last)
    queues.remove(last)
    expect([queues.bytes, queues.messages]).toEqual([0, 0])
  })

  test('keep as many bytes as they may, and drop the oldest', () => {
    const { queues, dropped, add } = start({ maxBytes: 3000 })
    const queue = queues.open('one')
    for (const letter of 'abc') add(letter.repeat(1000), queue)
    expect(payloadsOf(queue)).toEqual(['c'.repeat(1000)])
    expect(dropped).toEqual([
      ['bytes', 'one'],
      ['bytes', 'one'],
    ])
    expect(queues.bytes).toBeLessThanOrEqual(3000)
  })

  test('drop what is too old, when anything is added or asked for', () => {
    const { clock, queues, dropped, add } = start()
    const queue = queues.open('one')
    add('old', queue)
    clock.advance(59_999)
    add('young', queue)
    expect(payloadsOf(queue)).toEqual(['old', 'young'])
    clock.advance(1)
    queues.sweep()
    expect(payloadsOf(queue)).toEqual(['young'])
    expect(dropped).toEqual([['age', 'one']])
  })

  test('end a connection whose waiting message is the oldest, instead of dropping it', () => {
    const { queues, dropped, add } = start({ maxMessages: 2 })
    const { queue, overflows } = ownedQueue()
    add('a', queue)
    add('b', queue)
    add('c', queues.open('one'))
    expect(overflows).toEqual(['overflow'])
    expect(payloadsOf(queue)).toEqual([])
    expect(payloadsOf(queues.open('one'))).toEqual(['c'])
    expect(dropped).toEqual([])
  })

  test('forget a queue that nobody uses and nothing is in', () => {
    const { queues, add } = start()
    const queue = queues.open('one')
    add('a', queue)
    queues.leave(queue)
    expect(queues.find('one')).toBe(queue)
    queues.remove(queue.entries.first!)
    expect(queues.find('one')).toBeUndefined()
  })
})

function ownedQueue() {
  const overflows: string[] = []
  const queue = new ClientQueue(undefined)
  queue.owner = { overflow: () => overflows.push('overflow') }
  return { queue, overflows }
}
