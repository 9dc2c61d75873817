import type { TLSSocket } from 'node:tls'
import { answerParent } from '../lib/child.ts'
import { connectSocket, subscribe, type Broker, type Identity } from '../lib/mqtt-session.ts'
import { pace, steady, until } from '../lib/pace.ts'
import { meterOf, type Usage } from '../lib/processor.ts'
import {
  acknowledgements,
  frameCutter,
  messageBatch,
  numberOf,
  publishFrame,
  type MessageShape,
} from '../lib/publish-frames.ts'
import { latenciesOf, type Latencies } from '../lib/statistics.ts'

/** What the generator is to do. */
export interface PacedMessagesOrder {
  broker: Broker
  /** Of the broker. */
  pid: number
  shape: MessageShape
  publisher: Identity
  subscriber: Identity
  /** Subscribes too, and reads nothing until everything was sent. */
  frozen?: Identity
  perSecond: number
  count: number
}

/** What a subscriber that read nothing for a while had in the end. */
export interface Frozen {
  received: number
  /** The broker has ended its connection. */
  isCut: boolean
}

/** What came of messages that were sent at their moments. */
export interface PacedMessagesResult {
  sent: number
  received: number
  /** From the moment a message was due to its arrival at the healthy subscriber. */
  latencies: Latencies
  /** The longest time in which nothing came, while something was due. */
  longestGapMs: number
  /** How late the generator itself was. */
  late: Latencies
  frozen: Frozen | undefined
  server: Usage | undefined
  generator: Usage | undefined
}

/** What is still missing after so long a silence has been lost. */
const patienceMs = 3_000
/** A subscriber that reads again has read all when nothing has come for so long. */
const quietMs = 500

/** A subscriber that may stop reading. */
class Subscriber {
  received = 0
  lastAt = 0
  isCut = false
  readonly socket: TLSSocket

  constructor(socket: TLSSocket, shape: MessageShape, onMessage?: (index: number, at: number) => void) {
    this.socket = socket
    const frame = publishFrame(shape)
    const { length } = frame.template
    const onFrames = (bytes: Buffer, count: number) => {
      this.lastAt = performance.now()
      this.received += count
      if (shape.qos === 1 && socket.writable) socket.write(acknowledgements(frame, bytes, count))
      for (let at = 0; at < count; at += 1) onMessage?.(numberOf(frame, bytes, at * length), this.lastAt)
    }
    socket.on('data', frameCutter(frame.template[0]!, length, onFrames))
    for (const event of ['end', 'close']) socket.once(event, () => (this.isCut = true))
  }

  /** Reads on, to the end of what there is. */
  async thaw(): Promise<Frozen> {
    this.lastAt = performance.now()
    this.socket.resume()
    while (!this.isCut && performance.now() - this.lastAt < quietMs) await until(performance.now() + 10)
    return { received: this.received, isCut: this.isCut }
  }
}

async function open({ broker, shape }: PacedMessagesOrder, identity: Identity): Promise<TLSSocket> {
  const socket = await connectSocket(broker, identity, 'TLSv1.3')
  await subscribe(socket, shape.topic, shape.qos)
  return socket
}

/** Arrivals at the healthy subscriber. */
class Arrivals {
  readonly latencies: number[] = []
  readonly dueAt: number[] = []
  longestGapMs = 0
  #lastAt = Infinity

  /** From here on a gap counts. */
  begin(): void {
    this.#lastAt = performance.now()
  }

  take(index: number, at: number): void {
    this.latencies.push(at - this.dueAt[index]!)
    this.gap(at)
  }

  gap(at: number): void {
    this.longestGapMs = Math.max(this.longestGapMs, at - this.#lastAt)
    this.#lastAt = at
  }
}

/** Resolves when everything has come, or nothing more will: then the silence counts as the gap it is. */
async function awaitArrivals(arrivals: Arrivals, healthy: Subscriber, count: number): Promise<void> {
  const sentAt = performance.now()
  const isSilent = () => performance.now() - Math.max(sentAt, healthy.lastAt) > patienceMs
  while (healthy.received < count && !isSilent()) await until(performance.now() + 5)
  if (healthy.received < count) arrivals.gap(performance.now())
}

answerParent(async (order: PacedMessagesOrder): Promise<PacedMessagesResult> => {
  const { broker, pid, shape, perSecond, count } = order
  const frame = publishFrame(shape)
  const arrivals = new Arrivals()
  const healthy = new Subscriber(await open(order, order.subscriber), shape, (index, at) => arrivals.take(index, at))
  const frozen = order.frozen && new Subscriber(await open(order, order.frozen), shape)
  frozen?.socket.pause()
  const publisher = await connectSocket(broker, order.publisher, 'TLSv1.3')
  publisher.resume() // its PUBACKs are of no interest
  const meters = [meterOf(pid), meterOf(process.pid)]
  arrivals.begin()
  const late = await pace(steady(perSecond, count), (index, dueAt) => {
    arrivals.dueAt.push(dueAt)
    publisher.write(messageBatch(frame, index, 1))
  })
  await awaitArrivals(arrivals, healthy, count)
  const [server, generator] = meters.map((stop) => stop())
  const { received } = healthy
  const { latencies, longestGapMs } = arrivals
  const thawed = await frozen?.thaw()
  for (const socket of [publisher, healthy.socket, frozen?.socket]) socket?.destroy()
  return {
    sent: count,
    received,
    latencies: latenciesOf(latencies),
    longestGapMs,
    late: latenciesOf(late),
    frozen: thawed,
    server,
    generator,
  }
})
