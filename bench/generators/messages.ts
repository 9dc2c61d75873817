import type { TLSSocket } from 'node:tls'
import { answerParent } from '../lib/child.ts'
import { connectSocket, subscribe, type Broker, type Identity } from '../lib/mqtt-session.ts'
import { until } from '../lib/pace.ts'
import { meterOf, type Usage } from '../lib/processor.ts'
import {
  acknowledgements,
  frameCutter,
  messageBatch,
  publishFrame,
  pubackHeader,
  pubackLength,
  type MessageShape,
} from '../lib/publish-frames.ts'

/** What the generator is to do. */
export interface MessagesOrder {
  broker: Broker
  /** Of the broker. */
  pid: number
  shape: MessageShape
  publisher: Identity
  subscribers: Identity[]
  /** Messages under way at most: sent, and not yet with all subscribers (QoS 1: and acknowledged). */
  window: number
  seconds: number
}

/** What came through in a closed loop. */
export interface MessagesResult {
  published: number
  /** Messages received, by all subscribers together. */
  delivered: number
  deliveredPerSecond: number
  /** Sent and never delivered. */
  lost: number
  server: Usage | undefined
  generator: Usage | undefined
}

/** A turn that gets nothing for so long has lost what is missing. */
const patienceMs = 3_000

/** What has come of the messages so far. */
class Flow {
  readonly #order: MessagesOrder
  readonly #received: number[]
  readonly #frame: ReturnType<typeof publishFrame>
  #publisher: TLSSocket | undefined
  #acknowledged = 0
  sent = 0
  lastAt = performance.now()
  isOver = false

  constructor(order: MessagesOrder) {
    this.#order = order
    this.#received = order.subscribers.map(() => 0)
    this.#frame = publishFrame(order.shape)
  }

  get delivered(): number {
    return this.#received.reduce((sum, count) => sum + count, 0)
  }

  /** Messages that are with everybody. */
  get settled(): number {
    const withAll = Math.min(...this.#received)
    return this.#order.shape.qos === 0 ? withAll : Math.min(withAll, this.#acknowledged)
  }

  async open(): Promise<TLSSocket[]> {
    const { broker, publisher, subscribers, shape } = this.#order
    const sockets: TLSSocket[] = []
    for (const [index, subscriber] of subscribers.entries()) {
      const socket = await connectSocket(broker, subscriber, 'TLSv1.3')
      await subscribe(socket, shape.topic, shape.qos)
      this.#receive(socket, index)
      sockets.push(socket)
    }
    this.#publisher = await connectSocket(broker, publisher, 'TLSv1.3')
    const onPubacks = frameCutter(pubackHeader, pubackLength, (_bytes, count) => {
      this.#acknowledged += count
      this.publish()
    })
    this.#publisher.on('data', onPubacks)
    return [...sockets, this.#publisher]
  }

  #receive(socket: TLSSocket, index: number): void {
    const { template } = this.#frame
    const onFrames = (bytes: Buffer, count: number) => {
      if (this.#order.shape.qos === 1) socket.write(acknowledgements(this.#frame, bytes, count))
      this.#received[index]! += count
      this.lastAt = performance.now()
      this.publish()
    }
    socket.on('data', frameCutter(template[0]!, template.length, onFrames))
  }

  /** Fills the window once a tenth of it is free: single messages would make a TLS record each. */
  publish(): void {
    const { window } = this.#order
    const room = window - (this.sent - this.settled)
    if (this.isOver || room < Math.ceil(window / 10)) return
    this.#publisher!.write(messageBatch(this.#frame, this.sent, room)) // open by then
    this.sent += room
  }
}

async function drain(flow: Flow): Promise<void> {
  while (flow.settled < flow.sent && performance.now() - flow.lastAt < patienceMs) await until(performance.now() + 5)
}

answerParent(async (order: MessagesOrder): Promise<MessagesResult> => {
  const flow = new Flow(order)
  const sockets = await flow.open()
  const meters = [meterOf(order.pid), meterOf(process.pid)]
  const beganAt = performance.now()
  flow.publish()
  await until(beganAt + order.seconds * 1_000)
  const { delivered } = flow
  const elapsed = performance.now() - beganAt
  const [server, generator] = meters.map((stop) => stop())
  flow.isOver = true
  await drain(flow)
  for (const socket of sockets) socket.destroy()
  return {
    published: flow.sent,
    delivered,
    deliveredPerSecond: delivered / (elapsed / 1_000),
    lost: flow.sent * order.subscribers.length - flow.delivered,
    server,
    generator,
  }
})
