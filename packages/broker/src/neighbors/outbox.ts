import type { AssumptionId, Clock } from '@apsaramq/model'
import type { IPubrelPacket, IPublishPacket } from 'mqtt-packet'
import type { DeliveringClient, OutgoingPacket } from './aedes-client.ts'
import { ClientQueue, type Entry } from './client-queue.ts'
import { dress, grantedQos, isEcho } from './grants.ts'
import type { NeighborLimits } from './limits.ts'
import { LossSpell, type LossSpellDeps } from './loss-spell.ts'
import { agedProperties, isExpired, messageOf, type Message } from './message.ts'
import type { OutgoingQueues } from './outgoing-queues.ts'
import { PacketWriter, roughBytes, type SentPacket } from './packet-writer.ts'

/** What an outbox needs. */
export interface OutboxDeps extends LossSpellDeps {
  clock: Clock
  limits: NeighborLimits
  queues: OutgoingQueues
  /** What is done now rests on an assumption. */
  assume(id: AssumptionId): void
  /** The client takes too little, too slowly: it must be cut. */
  onSlow(message: string): void
  /** A message is larger than the client says it takes, and is not sent. */
  onTooLarge(topic: string, bytes: number): void
}

/** Messages that the vendor sends at once of those that waited. */
const documentedBatch = 30

/**
 * Sends to one connected client. Nobody waits for it: what it cannot take yet waits in a queue, in order and within
 * bounds, and QoS 0 is dropped. aedes itself lets every publisher wait for the slowest subscriber, and sends without
 * end to one that acknowledges nothing.
 */
export class Outbox {
  readonly #deps: OutboxDeps
  readonly #client: DeliveringClient
  readonly #writer: PacketWriter
  readonly #loss: LossSpell
  /** Packet identifiers that were sent on this connection and are not acknowledged. */
  readonly #inFlight = new Set<number>()
  #queue: ClientQueue | undefined
  #lastId = 0
  /** Counter of the message that was handed over last: filters that overlap hand it over again. */
  #lastCounter = -1

  constructor(deps: OutboxDeps, client: DeliveringClient) {
    this.#deps = deps
    this.#client = client
    this.#writer = new PacketWriter({ ...deps, ...this.#onTaking() }, client)
    this.#loss = new LossSpell(deps)
  }

  /** The client has its CONNACK: sends what waits, first what was sent before and not acknowledged. [MQTT-4.4.0-1] */
  start(): void {
    const { clean, closed, id, broker } = this.#client
    if (closed) return
    const queue = clean ? this.#ownQueue() : this.#deps.queues.open(id)
    queue.newest = Math.max(queue.newest, broker.counter) // what was published before now has been put in
    queue.owner = this
    queue.unsent = queue.entries.first
    if (queue.entries.size > documentedBatch) this.#deps.assume('A-73') // LIMITS A-73
    this.#queue = queue
    this.#pump()
  }

  /** A queue that ends with the connection; what has waited in a session that does so now, too, is in it. */
  #ownQueue(): ClientQueue {
    const { queues } = this.#deps
    const queue = new ClientQueue(undefined)
    const waited = queues.find(this.#client.id)
    if (waited) queues.move(waited, queue)
    return queue
  }

  /** The connection is gone. What a persistent session has not acknowledged stays. */
  stop(): void {
    const queue = this.#queue
    this.#queue = undefined
    this.#writer.close()
    this.#loss.end()
    if (queue?.owner === this) this.#deps.queues.leave(queue) // else a newer connection has taken over
  }

  /** The instance cannot hold what waits for this connection. */
  overflow(): void {
    this.#deps.onSlow(`${this.#deps.queues.messages} messages wait in the instance, the oldest for this client`)
  }

  /** Takes a message of a subscription. */
  deliver(packet: OutgoingPacket): void {
    const queue = this.#queue
    if (!queue || this.#client.closed) return // a persistent session has it in its queue
    if (isEcho(this.#client, packet)) return this.#forget(queue.find(packet))
    if (this.#isRepeat(packet) || !this.#client.broker.authorizeForward(this.#client, packet)) return
    const qos = this.#qosOf(packet)
    if (qos === 0) return this.#sendAtOnce(packet)
    if (queue.clientId === undefined && !queue.unsent && this.#mayGoOn()) return this.#sendUnkept(queue, packet, qos)
    if (!isKnown(queue, packet)) this.#put(queue, packet, qos)
    this.#pump()
  }

  /** The client has all of a message. @returns the message, if it was still kept */
  acknowledged(messageId: number): OutgoingPacket | undefined {
    const entry = this.#queue?.sentAs(messageId)
    this.#inFlight.delete(messageId)
    this.#forget(entry)
    this.#pump()
    return entry?.message.packet
  }

  /** The client has a message of QoS 2, and PUBREL follows. */
  received(pubrel: OutgoingPacket): void {
    const entry = this.#queue?.sentAs(pubrel.messageId ?? 0)
    if (entry) entry.pubrel = pubrel
  }

  #qosOf({ qos, topic }: OutgoingPacket): number {
    return qos === 0 ? 0 : Math.min(qos, grantedQos(this.#client, topic) ?? qos)
  }

  #isRepeat({ brokerId, brokerCounter = 0 }: OutgoingPacket): boolean {
    if (!brokerId) return false
    const isRepeat = brokerCounter === this.#lastCounter
    this.#lastCounter = brokerCounter
    return isRepeat
  }

  #forget(entry: Entry | undefined): void {
    if (entry) this.#deps.queues.remove(entry)
  }

  #put(queue: ClientQueue, packet: OutgoingPacket, qos: number): void {
    const { limits, queues, clock, onSlow } = this.#deps
    queues.add(queue, messageOf(packet, clock.now()), qos)
    if (queue.clientId !== undefined) return
    if (queue.entries.size > limits.maxWaiting || queue.bytes > limits.maxWaitingBytes) {
      onSlow(`${queue.entries.size} messages of ${queue.bytes} bytes wait for its clean session`)
    }
  }

  #sendAtOnce(packet: OutgoingPacket): void {
    const { limits, clock } = this.#deps
    const { unread } = this.#writer
    if (unread > 0 && unread + roughBytes(packet) > limits.maxUnreadBytes) return this.#loss.count()
    if (unread < limits.pauseAtBytes) this.#loss.mayEnd()
    const now = clock.now()
    const publish = this.#publishOf(unkept(packet, now), 0, undefined, false)
    if (this.#isTaken(publish)) this.#writer.write(publish)
  }

  /** Sends what may be sent now; an acknowledgement, or a write that is taken, calls again. */
  #pump(): void {
    this.#deps.queues.sweep()
    for (let entry = this.#queue?.unsent; entry && this.#mayGoOn(); entry = this.#queue?.unsent) this.#send(entry)
  }

  #mayGoOn(): boolean {
    const { closed, receiveMaximum, conn } = this.#client
    const { maxInFlight } = this.#deps.limits
    if (closed || !conn.writable || this.#writer.isPaused) return false
    if (this.#inFlight.size < Math.min(receiveMaximum, maxInFlight)) return true // [MQTT-3.3.4-9]
    if (receiveMaximum > maxInFlight) this.#deps.assume('A-74') // LIMITS A-74
    return false
  }

  /** Sends what is never sent twice, and need not be kept. */
  #sendUnkept(queue: ClientQueue, packet: OutgoingPacket, qos: number): void {
    const message = unkept(packet, this.#deps.clock.now())
    this.#transmit(message, qos, this.#freeId(queue), false)
  }

  #send(entry: Entry): void {
    const { queue, message, pubrel, messageId = this.#freeId(queue) } = entry
    queue.unsent = entry.next
    if (pubrel) return this.#write(pubrel as IPubrelPacket, messageId) // aedes made it
    const isAgain = entry.messageId !== undefined // [MQTT-3.3.1-1]
    const isSent = !isExpired(message, this.#deps.clock.now()) && this.#transmit(message, entry.qos, messageId, isAgain)
    if (isSent && queue.clientId !== undefined) queue.identify(entry, messageId)
    else this.#forget(entry)
  }

  /** @returns whether the client takes it */
  #transmit(message: Message, qos: number, messageId: number, dup: boolean): boolean {
    const packet = this.#publishOf(message, qos as 1 | 2, messageId, dup) // 0 is not sent in turn
    if (!this.#isTaken(packet)) return false
    this.#write(packet, messageId)
    return true
  }

  #write(packet: SentPacket, messageId: number): void {
    this.#inFlight.add(messageId)
    this.#writer.writeInTurn(packet)
  }

  #onTaking() {
    const { limits, onSlow } = this.#deps
    return {
      onResume: () => this.#queue && this.#pump(),
      onStall: () => onSlow(`the client took nothing for ${limits.stallMs} ms while messages waited`),
    }
  }

  #publishOf(message: Message, qos: 0 | 1 | 2, messageId: number | undefined, dup: boolean): IPublishPacket {
    const { topic, payload } = message.packet
    const aged = agedProperties(message, this.#deps.clock.now())
    const { retain, properties } = dress(this.#client, message.packet, aged)
    const packet = { cmd: 'publish' as const, topic, payload, qos, dup, retain, messageId, properties }
    return packet as IPublishPacket // which may be undefined, but must not be so called
  }

  /** Whether the client takes a packet of this size. [MQTT-3.1.2-24], [MQTT-3.1.2-25] */
  #isTaken(publish: IPublishPacket): boolean {
    const { maximumPacketSize } = this.#client
    if (maximumPacketSize === undefined) return true
    const bytes = this.#writer.bytesOf(publish)
    if (bytes > maximumPacketSize) this.#deps.onTooLarge(publish.topic, bytes)
    return bytes <= maximumPacketSize
  }

  #freeId(queue: ClientQueue): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#inFlight.has(this.#lastId) || queue.sentAs(this.#lastId)) // [MQTT-2.3.1-4]
    return this.#lastId
  }
}

/** Whether a message is in the queue, or was and has been acknowledged before it was handed over. */
function isKnown(queue: ClientQueue, packet: OutgoingPacket): boolean {
  if (queue.find(packet)) return true
  return queue.clientId !== undefined && Boolean(packet.brokerId) && (packet.brokerCounter ?? 0) <= queue.newest
}

/** A message that is sent at once or not at all. */
function unkept(packet: OutgoingPacket, now: number): Message {
  return { packet, bytes: 0, storedAt: now, copies: 0 }
}
