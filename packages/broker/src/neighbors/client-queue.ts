import type { OutgoingPacket } from './aedes-client.ts'
import { Chain, type Linked } from './chain.ts'
import type { Message } from './message.ts'

/** A message in the queue of one client. */
export interface Entry extends Linked<Entry> {
  readonly queue: ClientQueue
  readonly message: Message
  /** The lower one of the message and the subscription. [MQTT-3.8.4-6] */
  qos: number
  /** Set once it has been sent. */
  messageId: number | undefined
  /** What is sent of it from now on: the receiver has the message. [MQTT-4.3.3-2] */
  pubrel: OutgoingPacket | undefined
  readonly age: Age
}

/** An entry that is nowhere yet; written out, since one made by spreading another takes twice the memory. */
export function newEntry(queue: ClientQueue, message: Message, qos: number, age: Age): Entry {
  return {
    previous: undefined,
    next: undefined,
    queue,
    message,
    qos,
    messageId: undefined,
    pubrel: undefined,
    age,
  }
}

/** The place of an entry among all of the instance, oldest first. */
export interface Age extends Linked<Age> {
  entry: Entry | undefined
}

/** Who sends what is in a queue. */
export interface QueueOwner {
  /** The instance must lose the oldest of what waits, and it waits for a connection: that one must end. */
  overflow(): void
}

/** What waits for one client, in the order it was published. */
export class ClientQueue {
  /** Undefined where it belongs to a connection and ends with it. */
  readonly clientId: string | undefined
  readonly entries = new Chain<Entry>()
  /** The first that has not been sent on the current connection. */
  unsent: Entry | undefined
  /** Bytes of its messages, those shared with others included. */
  bytes = 0
  /** Counter of the newest message that was ever put in. */
  newest = 0
  /** The connection that is served from it. */
  owner: QueueOwner | undefined
  readonly #byCounter = new Map<number, Entry>()
  readonly #byMessageId = new Map<number, Entry>()

  constructor(clientId: string | undefined) {
    this.clientId = clientId
  }

  append(entry: Entry): void {
    const { packet, bytes } = entry.message
    const key = keyOf(packet)
    this.entries.append(entry)
    if (key !== undefined) this.#byCounter.set(key, entry)
    this.newest = Math.max(this.newest, packet.brokerCounter ?? 0)
    this.unsent ??= entry
    this.bytes += bytes
  }

  remove(entry: Entry): void {
    const { packet, bytes } = entry.message
    const key = keyOf(packet)
    this.entries.remove(entry)
    if (key !== undefined) this.#byCounter.delete(key)
    this.#letGo(entry)
    if (this.unsent === entry) this.unsent = entry.next
    this.bytes -= bytes
  }

  /** The entry of a message, wherever it stands. */
  find(packet: OutgoingPacket): Entry | undefined {
    const key = keyOf(packet)
    return key === undefined ? undefined : this.#byCounter.get(key)
  }

  sentAs(messageId: number): Entry | undefined {
    return this.#byMessageId.get(messageId)
  }

  /** Gives an entry its packet identifier. */
  identify(entry: Entry, messageId: number): void {
    this.#letGo(entry)
    entry.messageId = messageId
    this.#byMessageId.set(messageId, entry)
  }

  #letGo(entry: Entry): void {
    const { messageId } = entry
    if (messageId !== undefined && this.#byMessageId.get(messageId) === entry) this.#byMessageId.delete(messageId)
  }
}

/** What tells a message from others; undefined where nothing does. One broker writes here, so its counter is enough. */
function keyOf({ brokerCounter }: OutgoingPacket): number | undefined {
  return brokerCounter === 0 ? undefined : brokerCounter
}
