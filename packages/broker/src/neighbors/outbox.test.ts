import { Duplex } from 'node:stream'
import { manualClock, type AssumptionId } from '@apsaramq/model'
import { parser, type IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import type { DeliveringClient, LiveSubscription, OutgoingPacket } from './aedes-client.ts'
import { neighborLimits, type NeighborLimits } from './limits.ts'
import { messageOf } from './message.ts'
import { Outbox } from './outbox.ts'
import { OutgoingQueues } from './outgoing-queues.ts'

/** A stream that takes what is written when the test says so, a chunk at a time. */
class Tap extends Duplex {
  readonly #pending: { chunk: Buffer; taken: () => void }[] = []
  readonly #reader = parser()
  readonly messages: IPublishPacket[] = []

  constructor() {
    super({ writableHighWaterMark: 1024 * 1024 })
    this.#reader.on('packet', (packet) => packet.cmd === 'publish' && this.messages.push(packet))
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#pending.push({ chunk, taken })
  }

  override _read(): void {}

  override cork(): void {} // or nothing would be written before the next turn

  /** Takes bytes until there are as many, or none are left. @returns how many */
  drink(bytes: number): number {
    let took = 0
    for (let next = this.#pending.shift(); next; next = took < bytes ? this.#pending.shift() : undefined) {
      took += next.chunk.length
      this.#reader.parse(next.chunk)
      next.taken()
    }
    return took
  }
}

interface Setup {
  clean?: boolean
  receiveMaximum?: number
  limits?: Partial<NeighborLimits>
}

function start({ clean = true, receiveMaximum = 65_535, limits: some }: Setup = {}) {
  const clock = manualClock()
  const limits = { ...neighborLimits, ...some }
  const told: string[] = []
  const queues = new OutgoingQueues({ clock, limits, onDropped: (reason) => told.push(`dropped: ${reason}`) })
  const broker = { counter: 0, authorizeForward: (_client: unknown, packet: OutgoingPacket) => packet }
  const open = () => {
    const conn = new Tap()
    const subscriptions: Record<string, LiveSubscription> = { 'demo/#': { qos: 1 } }
    const client = { id: 'one', version: 4, clean, closed: false, conn, subscriptions, receiveMaximum, broker }
    const troubles = {
      assume: (id: AssumptionId) => told.push(id),
      onSlow: (message: string) => told.push(`slow: ${message}`),
      onLossBegins: () => told.push('loss begins'),
      onLossEnds: (count: number) => told.push(`lost ${count}`),
      onTooLarge: (topic: string) => told.push(`too large: ${topic}`),
    }
    const outbox = new Outbox({ clock, limits, queues, ...troubles }, client as unknown as DeliveringClient)
    outbox.start()
    return { conn, outbox, client }
  }
  const packetOf = (payload: string, qos: number): OutgoingPacket => {
    broker.counter += 1
    const base = { cmd: 'publish', topic: 'demo/a', retain: false, dup: false, brokerId: 'broker' }
    return { ...base, brokerCounter: broker.counter, payload: Buffer.from(payload), qos }
  }
  /** As aedes does: kept for the persistent session first, then handed to who is connected. */
  const publish = (outbox: Outbox, payload: string, qos = 1) => {
    const packet = packetOf(payload, qos)
    if (!clean && qos > 0) queues.add(queues.open('one'), messageOf(packet, clock.now()), qos)
    outbox.deliver(packet)
    return packet
  }
  return { clock, queues, told, open, publish, packetOf }
}

const kilobytes = (count: number) => 'x'.repeat(count * 1024)
const textsOf = ({ messages }: Tap) => messages.map(({ payload }) => payload.toString().trimEnd())

describe('a client that reads slowly but steadily', () => {
  test.each([true, false])('is not cut, and gets everything (clean session %s)', (clean) => {
    const { clock, told, open, publish } = start({ clean })
    const { conn, outbox } = open()
    const texts = Array.from({ length: 200 }, (_, at) => `message ${at}`)
    for (const text of texts) publish(outbox, text.padEnd(16 * 1024))
    expect(conn.writableLength).toBeLessThanOrEqual(neighborLimits.pauseAtBytes + 17 * 1024)
    let seconds = 0
    while (conn.drink(16 * 1024) > 0) {
      clock.advance(1000)
      seconds += 1
    }
    expect(textsOf(conn)).toEqual(texts)
    expect(seconds * 1000).toBeGreaterThan(10 * neighborLimits.stallMs)
    expect(told).toEqual([])
  })

  test('is cut once it takes nothing for as long as it may', () => {
    const { clock, told, open, publish } = start()
    const { conn, outbox } = open()
    for (let count = 0; count < 20; count += 1) publish(outbox, kilobytes(16))
    clock.advance(neighborLimits.stallMs - 1)
    conn.drink(1)
    clock.advance(1)
    expect(told).toEqual([])
    clock.advance(neighborLimits.stallMs)
    expect(told).toEqual([`slow: the client took nothing for ${neighborLimits.stallMs} ms while messages waited`])
  })

  test('is left alone where it has taken everything', () => {
    const { clock, told, open, publish } = start()
    const { conn, outbox } = open()
    for (let count = 0; count < 8; count += 1) publish(outbox, kilobytes(16))
    conn.drink(Infinity)
    clock.advance(10 * neighborLimits.stallMs)
    expect(told).toEqual([])
  })
})

describe('the bounds of a clean session', () => {
  test('are a number of waiting messages', () => {
    const { told, open, publish } = start({ receiveMaximum: 1, limits: { maxWaiting: 3 } })
    const { outbox } = open()
    for (let count = 0; count < 4; count += 1) publish(outbox, 'x')
    expect(told).toEqual([])
    publish(outbox, 'x')
    expect(told).toEqual([expect.stringMatching(/^slow: 4 messages of \d+ bytes wait for its clean session$/)])
  })

  test('and their bytes', () => {
    const { told, open, publish } = start({ receiveMaximum: 1, limits: { maxWaitingBytes: 10_000 } })
    const { outbox } = open()
    publish(outbox, kilobytes(20))
    publish(outbox, kilobytes(8))
    expect(told).toEqual([])
    publish(outbox, kilobytes(8))
    expect(told).toEqual([expect.stringMatching(/^slow: 2 messages of \d+ bytes wait for its clean session$/)])
  })

  test('and those of the instance, whose oldest message waits for it', () => {
    const { queues, told, open, publish } = start({ receiveMaximum: 1, limits: { maxMessages: 2 } })
    const { outbox } = open()
    for (let count = 0; count < 4; count += 1) publish(outbox, 'x')
    expect(told).toEqual([
      expect.stringMatching(/^slow: .* messages wait in the instance, the oldest for this client$/),
    ])
    expect(queues.messages).toBe(0)
  })

  test('end with the connection', () => {
    const { queues, open, publish } = start({ receiveMaximum: 1 })
    const { outbox } = open()
    for (let count = 0; count < 4; count += 1) publish(outbox, 'x')
    expect(queues.messages).toBe(3)
    outbox.stop()
    expect([queues.messages, queues.bytes]).toEqual([0, 0])
  })
})

describe('packet identifiers', () => {
  test('are used again only once they are acknowledged', () => {
    const { open, publish } = start({ receiveMaximum: 2 })
    const { conn, outbox } = open()
    publish(outbox, 'never acknowledged')
    for (let messageId = 2; messageId <= 65_535; messageId += 1) {
      publish(outbox, 'x')
      if (messageId % 1000 === 0) conn.drink(Infinity)
      outbox.acknowledged(messageId)
    }
    publish(outbox, 'x')
    conn.drink(Infinity)
    expect(conn.messages.length).toBe(65_536)
    expect(conn.messages.map(({ messageId }) => messageId)).toEqual([
      ...Array.from({ length: 65_535 }, (_, at) => at + 1),
      2,
    ])
  })

  test('of what an earlier connection sent are not given to another message', () => {
    const { open, publish } = start({ clean: false })
    const first = open()
    publish(first.outbox, 'a')
    first.conn.drink(Infinity)
    first.client.closed = true
    const second = open()
    publish(second.outbox, 'b')
    second.conn.drink(Infinity)
    expect(second.conn.messages.map(({ payload, messageId, dup }) => [payload.toString(), messageId, dup])).toEqual([
      ['a', 1, true],
      ['b', 2, false],
    ])
  })
})

describe('a message', () => {
  test('that was sent from the queue and acknowledged is not sent again when aedes hands it over late', () => {
    const { clock, queues, open, packetOf } = start({ clean: false })
    const late = packetOf('late', 1)
    queues.add(queues.open('one'), messageOf(late, clock.now()), 1)
    const { conn, outbox } = open()
    conn.drink(Infinity)
    outbox.acknowledged(1)
    outbox.deliver(late)
    conn.drink(Infinity)
    expect(textsOf(conn)).toEqual(['late'])
  })

  test('that two filters match is sent once', () => {
    const { open, publish } = start()
    const { conn, outbox } = open()
    outbox.deliver(publish(outbox, 'once'))
    outbox.deliver(publish(outbox, 'once of QoS 0', 0))
    conn.drink(Infinity)
    expect(textsOf(conn)).toEqual(['once', 'once of QoS 0'])
  })

  test('is sent although one with a higher counter came before: aedes would take it for a repetition', () => {
    const { open, packetOf } = start()
    const { conn, outbox } = open()
    const first = packetOf('first', 1)
    outbox.deliver(packetOf('second', 0))
    outbox.deliver(first)
    conn.drink(Infinity)
    expect(textsOf(conn)).toEqual(['second', 'first'])
  })

  test('is sent by the connection that took over, and not lost by the one that ends after', () => {
    const { queues, open, publish } = start({ clean: false, receiveMaximum: 1 })
    const older = open()
    const newer = open()
    older.outbox.stop()
    publish(newer.outbox, 'a')
    newer.conn.drink(Infinity)
    newer.outbox.acknowledged(1)
    newer.outbox.stop()
    expect(textsOf(newer.conn)).toEqual(['a'])
    expect(queues.find('one')).toBeUndefined()
  })
})
