import { expect, test } from 'vitest'
import type { RetainedPacket } from './aedes-inside.ts'
import { boundRetained, type RetainedLimits } from './retained-limit.ts'

function start(limits: Partial<RetainedLimits>) {
  const kept = new Map<string, string>()
  const dropped: string[] = []
  const persistence = {
    async storeRetained({ topic, payload }: RetainedPacket): Promise<void> {
      if (payload.length > 0) kept.set(topic, payload.toString())
      else kept.delete(topic)
    },
  }
  boundRetained(persistence, { maxMessages: 3, maxBytes: 1e6, ...limits }, (topic) => dropped.push(topic))
  const retain = (topic: string, payload = topic) => persistence.storeRetained({ topic, payload: Buffer.from(payload) })
  return { retain, kept, dropped }
}

test('of retained messages the one that was set first goes', async () => {
  const { retain, kept, dropped } = start({})
  for (const topic of ['a', 'b', 'c', 'a', 'd']) await retain(topic)
  expect([...kept.keys()].toSorted()).toEqual(['a', 'c', 'd'])
  expect(dropped).toEqual(['b'])
})

test('one that is taken away makes room', async () => {
  const { retain, kept, dropped } = start({})
  for (const topic of ['a', 'b', 'c']) await retain(topic)
  await retain('a', '')
  await retain('d')
  expect([...kept.keys()]).toEqual(['b', 'c', 'd'])
  expect(dropped).toEqual([])
})

test('bytes count, too, and those of a message that is replaced do not', async () => {
  const { retain, kept, dropped } = start({ maxBytes: 2600 })
  for (let count = 0; count < 3; count += 1) await retain('a', 'x'.repeat(700))
  await retain('b', 'x'.repeat(700))
  expect(dropped).toEqual([])
  await retain('c', 'x'.repeat(700))
  expect(dropped).toEqual(['a'])
  expect([...kept.keys()]).toEqual(['b', 'c'])
})

test('what is kept of a payload is that alone, not the memory it came in', async () => {
  const kept: Buffer[] = []
  const persistence = {
    storeRetained: async ({ payload }: RetainedPacket) =>
      void kept.push(Buffer.isBuffer(payload) ? payload : Buffer.of()),
  }
  boundRetained(persistence, { maxMessages: 3, maxBytes: 1e6 }, () => undefined)
  for (const payload of [Buffer.from('a publication of many').subarray(2, 13), 'größer']) {
    await persistence.storeRetained({ topic: 'a', payload })
  }
  expect(kept.map(String)).toEqual(['publication', 'größer'])
  expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([11, 8])
})
