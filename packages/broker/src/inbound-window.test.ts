import type { Client } from 'aedes'
import { expect, test } from 'vitest'
import type { Persistence } from './aedes-inside.ts'
import { boundInbound } from './inbound-window.ts'

function start(limit: number) {
  const stored: object[] = []
  const exceeded: string[] = []
  const persistence = {
    incomingStorePacket: async (_client: Client, packet: object) => void stored.push(packet),
    incomingDelPacket: async () => undefined,
    cleanIncoming: async () => undefined,
  } as Partial<Persistence> as Persistence // all that is bound
  boundInbound(persistence, limit, ({ id }) => exceeded.push(id))
  return { persistence, stored, exceeded }
}

const client = { id: 'one' } as Client // nothing else is looked at
const publication = (messageId: number) => ({
  messageId,
  topic: 'demo/a',
  payload: Buffer.alloc(65_536),
})

test('of a publication of QoS 2 only its identifier waits for PUBREL', async () => {
  const { persistence, stored } = start(2)
  await persistence.incomingStorePacket(client, publication(7))
  expect(stored).toEqual([{ messageId: 7 }])
})

test('one more than may wait ends the connection; PUBREL and a new session make room', async () => {
  const { persistence, exceeded } = start(2)
  for (const messageId of [1, 2]) await persistence.incomingStorePacket(client, publication(messageId))
  await expect(persistence.incomingStorePacket(client, publication(3))).rejects.toThrow('more than 2')
  expect(exceeded).toEqual(['one'])
  await persistence.incomingDelPacket(client, { messageId: 1 })
  await persistence.incomingStorePacket(client, publication(3))
  await persistence.cleanIncoming(client)
  for (const messageId of [4, 5]) await persistence.incomingStorePacket(client, publication(messageId))
  expect(exceeded).toEqual(['one'])
})
