import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from '../testing/broker-fixture.ts'
import { connectPeer, textsOf, type Peer } from './testing/peer.ts'

let fixture: BrokerFixture
let device: TestDevice
let publisher: Peer

beforeEach(async () => {
  fixture = await startBroker()
  device = await fixture.makeDevice()
  publisher = await connectPeer(fixture, device, { clientId: 'GID_demo@@@publisher' })
})
afterEach(() => fixture.close())

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `message ${at}`)

/** All at once, without waiting for acknowledgements. */
function flood(peer: Peer, payloads: string[]): void {
  const packet = { cmd: 'publish' as const, topic: 'demo/a', qos: 1 as const, dup: false, retain: false }
  peer.send(...payloads.map((payload, at) => ({ ...packet, payload, messageId: at + 1 })))
}

const longMs = 120_000 // on a machine that is busy with other things

test.each([1, 5])(
  'after a flood of 20,000 messages to %i subscribers all arrive, in order, without further traffic',
  async (count) => {
    const clientIds = Array.from({ length: count }, (_, at) => `GID_demo@@@reader${at}`)
    // every second session is persistent
    const connecting = clientIds.map((clientId, at) => connectPeer(fixture, device, { clientId, clean: at % 2 === 0 }))
    const readers = await Promise.all(connecting)
    await Promise.all(readers.map((reader) => reader.subscribe(1, 'demo/a')))
    const payloads = numbered(20_000)
    flood(publisher, payloads)
    for (const reader of readers) expect(textsOf(await reader.received(20_000))).toEqual(payloads)
    for (const reader of readers) {
      await reader.settled()
      expect(reader.messages.length).toBe(20_000)
    }
    expect(fixture.log.find({ kind: 'drop' })).toEqual([])
  },
  longMs,
)

describe('C11: a message that was acknowledged before its publisher was dropped', () => {
  test('is delivered to who is connected and kept for who is not', async () => {
    const publisherDevice = await fixture.makeDevice()
    const source = await connectPeer(fixture, publisherDevice, { clientId: 'GID_demo@@@source' })
    const reader = await connectPeer(fixture, device, { clientId: 'GID_demo@@@reader' })
    await reader.subscribe(1, 'demo/a')
    const sleeping = { clientId: 'GID_demo@@@sleeper', clean: false }
    const sleeper = await connectPeer(fixture, device, sleeping)
    await sleeper.subscribe(1, 'demo/a')
    await sleeper.leave()

    flood(source, numbered(2000))
    await source.next('puback')
    await fixture.setDeviceStatus(publisherDevice, 'inactive')
    await source.closed
    await publisher.publish('demo/a', 'a marker', 1)
    const back = await connectPeer(fixture, device, sleeping)
    for (const peer of [reader, back]) {
      while (peer.messages.at(-1)?.payload.toString() !== 'a marker') await peer.next('publish')
      const delivered = new Set(textsOf(peer.messages))
      expect(source.acknowledged.filter((messageId) => !delivered.has(`message ${messageId - 1}`))).toEqual([])
    }
    expect(source.acknowledged.length).toBeGreaterThan(0)
  })
})
