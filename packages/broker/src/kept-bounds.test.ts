import { EventEmitter } from 'node:events'
import type { Client } from 'aedes'
import { afterEach, expect, test } from 'vitest'
import type { Packet } from 'mqtt-packet'
import type { AedesBroker } from './aedes-inside.ts'
import { boundKept } from './kept-bounds.ts'
import { retainedLimits } from './retained-limit.ts'
import { startBroker, type BrokerFixture } from './testing/broker-fixture.ts'
import { connectPacket } from './testing/clients.ts'
import { converse, type Conversation } from './testing/conversation.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

async function connected(clientId: string, more: object = {}): Promise<Conversation> {
  const client = await converse(fixture, await fixture.makeDevice(), {}, 4)
  client.send(connectPacket(clientId, more))
  await client.next('connack')
  return client
}

function retain(topic: string): Packet {
  return { cmd: 'publish', topic, payload: 'kept', qos: 0, dup: false, retain: true }
}

test('an instance keeps no more retained messages than it may: the first goes, and the log says so', async () => {
  fixture = await startBroker()
  const client = await connected('GID_demo@@@one')
  for (let at = 0; at < retainedLimits.maxMessages + 2; at += 1) client.send(retain(`demo/${at}`))
  await client.settled()
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [0, 1, 2].map((at) => ({ topic: `demo/${at}`, qos: 0 })),
  })
  expect(await client.next('publish')).toMatchObject({ topic: 'demo/2', retain: true })
  expect(await client.settled()).toEqual([])
  expect(fixture.log.find({ kind: 'warn' })).toMatchObject([
    {
      cause: 'retained-messages-full',
      message: 'retained messages dropped: 1, the instance keeps no more, the last: demo/0',
    },
  ])
  expect(fixture.log.assumed).toContainEqual({ id: 'A-84', about: 'demo/0' })
})

test('an instance keeps no more sessions of clients that are away than it may: the first goes, and the log says so', async () => {
  fixture = await startBroker()
  const forgotten: string[] = []
  const persistence = {
    storeRetained: async () => undefined,
    cleanIncoming: async () => undefined,
    cleanSubscriptions: async ({ id }: { id: string }) => void forgotten.push(id),
  }
  const aedes = Object.assign(new EventEmitter(), { persistence, clearSessionExpiry: () => undefined })
  const { clock, log } = fixture
  const deps = { clock, log, assume: log.assume, filtersOf: () => 1 }
  const kept = boundKept(aedes as unknown as AedesBroker, deps, 4) // all it looks at
  const left = (id: string, clean = false) => {
    const client = { id, clean } as Client // all it looks at
    kept.arrived(id, client, !clean)
    aedes.emit('clientDisconnect', client)
  }
  for (const id of ['one', 'two', 'one']) left(id)
  left('of a clean session', true)
  aedes.emit('client', { id: 'one' })
  for (const id of ['three', 'four']) left(id)
  kept.close()
  expect(forgotten).toEqual(['two'])
  expect(log.find({ cause: 'persistent-sessions-full' })).toMatchObject([
    { kind: 'warn', message: 'persistent sessions forgotten: 1, the instance keeps no more, the last: two' },
  ])
  expect(log.assumed).toEqual([{ id: 'A-85', about: 'two' }])
})
