import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from '../testing/broker-fixture.ts'
import { neighborLimits } from './limits.ts'
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

const big = Buffer.alloc(60_000)
const frozenId = 'GID_demo@@@frozen'

/** A client that stops reading once it has subscribed. */
async function freeze(qos: 0 | 1, clean: boolean): Promise<Peer> {
  const frozen = await connectPeer(fixture, device, { clientId: frozenId, clean })
  await frozen.subscribe(qos, 'demo/#')
  frozen.socket.pause()
  return frozen
}

async function readersOf(count: number): Promise<Peer[]> {
  const clientIds = Array.from({ length: count }, (_, at) => `GID_demo@@@reader${at}`)
  const readers = await Promise.all(clientIds.map((clientId) => connectPeer(fixture, device, { clientId })))
  await Promise.all(readers.map((reader) => reader.subscribe(1, 'demo/small')))
  return readers
}

describe('P10: a subscriber of QoS 0 that stops reading', () => {
  test('loses messages, counted from begin to end, and holds up none of 49 others', { timeout: 120_000 }, async () => {
    const frozen = await freeze(0, true)
    const readers = await readersOf(49)
    let published = 0
    const publish = async (topic: string, payload: Buffer | string) => {
      published += 1
      await publisher.publish(topic, payload, 1) // an acknowledgement shows that the publisher is not held up either
    }
    while (fixture.log.find({ cause: 'slow-consumer' }).length === 0) await publish('demo/big', big)
    const texts = Array.from({ length: 20 }, (_, at) => `message ${at}`)
    for (const text of texts) await publish('demo/small', text.padEnd(60_000))
    for (const reader of readers)
      expect(textsOf(await reader.received(20)).map((text) => text.trimEnd())).toEqual(texts)
    const begun = { clientId: frozenId, kind: 'warn', cause: 'slow-consumer' } as const
    expect(fixture.log.find(begun)).toEqual([
      expect.objectContaining({
        deviceSn: device.sn,
        message: 'the client does not read: messages of QoS 0 to it are dropped from now on',
      }),
    ])
    expect(fixture.log.assumed.filter(({ id }) => id === 'A-72')).toEqual([{ id: 'A-72', about: frozenId }])

    const reading = frozen.settled() // its answer comes behind all that was written
    frozen.socket.resume()
    await reading
    const lost = published - frozen.messages.length
    fixture.clock.advance(1000)
    await publish('demo/small', 'a marker')
    await frozen.received(published - lost)
    expect(frozen.messages.at(-1)?.payload.toString()).toBe('a marker')
    expect(lost).toBeGreaterThan(20)
    expect(fixture.log.find(begun).map(({ message }) => message)).toEqual([
      'the client does not read: messages of QoS 0 to it are dropped from now on',
      `${lost} messages of QoS 0 to the client were dropped`,
    ])
  })

  test('is told of with its losses when it leaves', async () => {
    const frozen = await freeze(0, true)
    while (fixture.log.find({ cause: 'slow-consumer' }).length === 0) await publisher.publish('demo/big', big, 1)
    await publisher.publish('demo/big', big, 1)
    await publisher.settled()
    await frozen.leave()
    const ended = await fixture.log.waitFor({ message: '2 messages of QoS 0 to the client were dropped' })
    expect(ended).toMatchObject({ plane: 'mqtt', kind: 'warn', cause: 'slow-consumer', clientId: frozenId })
  })
})

describe('P10: a subscriber of QoS 1 that stops reading', () => {
  test.each([true, false])('is cut, and holds up nobody (clean session %s)', async (clean) => {
    const frozen = await freeze(1, clean)
    const [reader] = (await readersOf(1)) as [Peer]
    let published = 0
    const isCut = () => fixture.log.find({ kind: 'drop' }).length > 0
    while (!isCut()) {
      await publisher.publish('demo/big', big, 1)
      published += 1
      fixture.clock.advance(neighborLimits.stallMs)
    }
    await publisher.publish('demo/small', 'a marker', 1)
    expect(textsOf(await reader.received(1))).toEqual(['a marker'])
    expect(fixture.log.find({ kind: 'drop' })).toEqual([
      expect.objectContaining({
        cause: 'slow-consumer',
        clientId: frozenId,
        deviceSn: device.sn,
        message: `the client took nothing for ${neighborLimits.stallMs} ms while messages waited`,
      }),
    ])
    frozen.socket.resume()
    await frozen.closed
    if (clean) return
    const back = await connectPeer(fixture, device, { clientId: frozenId, clean })
    await back.received(published + 1)
    expect(back.messages.at(-1)?.payload.toString()).toBe('a marker')
    expect(back.messages.slice(0, -1).map(({ payload }) => payload.length)).toEqual(Array(published).fill(big.length))
  })
})
