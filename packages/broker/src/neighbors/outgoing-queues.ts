import type { Clock } from '@apsaramq/model'
import { Chain } from './chain.ts'
import { ClientQueue, newEntry, type Age, type Entry } from './client-queue.ts'
import type { NeighborLimits } from './limits.ts'
import { copyOverheadBytes, type Message } from './message.ts'

/** Why a message that waits for a persistent session is dropped. */
export type DropReason = 'messages' | 'bytes' | 'age'

/** What the queues of an instance need. */
export interface OutgoingQueuesDeps {
  clock: Clock
  limits: Pick<NeighborLimits, 'maxMessages' | 'maxBytes' | 'maxAgeMs'>
  onDropped(reason: DropReason, clientId: string): void
}

/**
 * The messages of an instance that wait for their subscribers. Bounded in number, bytes and age, the oldest dropped
 * first; whatever their number, each step costs the same.
 */
export class OutgoingQueues {
  readonly #deps: OutgoingQueuesDeps
  readonly #byClientId = new Map<string, ClientQueue>()
  readonly #ages = new Chain<Age>()
  #bytes = 0

  constructor(deps: OutgoingQueuesDeps) {
    this.#deps = deps
  }

  /** Copies that wait. */
  get messages(): number {
    return this.#ages.size
  }

  /** What they take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** The queue of a persistent session, undefined where nothing was ever kept for it. */
  find(clientId: string): ClientQueue | undefined {
    return this.#byClientId.get(clientId)
  }

  /** The queue of a persistent session. */
  open(clientId: string): ClientQueue {
    const existing = this.#byClientId.get(clientId)
    if (existing) return existing
    const queue = new ClientQueue(clientId)
    this.#byClientId.set(clientId, queue)
    return queue
  }

  /** Nobody sends from a queue any more: what belongs to a connection goes with it. */
  leave(queue: ClientQueue): void {
    queue.owner = undefined
    if (queue.clientId === undefined) this.clear(queue)
    this.#forgetIfUnused(queue)
  }

  /** Puts a message at the end of a queue, and makes room for it. */
  add(queue: ClientQueue, message: Message, qos: number): Entry {
    const age: Age = { previous: undefined, next: undefined, entry: undefined }
    const entry = newEntry(queue, message, qos, age)
    age.entry = entry
    if (message.copies === 0) this.#bytes += message.bytes
    message.copies += 1
    this.#bytes += copyOverheadBytes
    queue.append(entry)
    this.#ages.append(age)
    this.sweep()
    this.#makeRoom()
    return entry
  }

  /** Takes an entry out: it was acknowledged, or is not wanted any more. Doing it twice does nothing. */
  remove(entry: Entry): void {
    const { queue, message, age } = entry
    if (!age.entry) return
    age.entry = undefined
    queue.remove(entry)
    this.#ages.remove(age)
    message.copies -= 1
    this.#bytes -= copyOverheadBytes + (message.copies === 0 ? message.bytes : 0)
    this.#forgetIfUnused(queue)
  }

  /** Puts what is in one queue at the end of another. */
  move(from: ClientQueue, to: ClientQueue): void {
    for (const entry of from.entries) {
      const { message, qos, messageId, pubrel } = entry
      this.remove(entry)
      const moved = this.add(to, message, qos)
      if (messageId === undefined) continue
      to.identify(moved, messageId)
      moved.pubrel = pubrel
    }
  }

  /** Empties a queue. */
  clear(queue: ClientQueue): void {
    for (const entry of queue.entries) this.remove(entry)
  }

  /** Drops what is too old. */
  sweep(): void {
    const oldest = this.#deps.clock.now() - this.#deps.limits.maxAgeMs
    for (let entry = this.#oldest(); entry && entry.message.storedAt <= oldest; entry = this.#oldest()) {
      this.#drop(entry, 'age')
    }
  }

  #forgetIfUnused(queue: ClientQueue): void {
    const { clientId, owner, entries } = queue
    if (clientId === undefined || owner || entries.size > 0) return
    if (this.#byClientId.get(clientId) === queue) this.#byClientId.delete(clientId)
  }

  #makeRoom(): void {
    for (let reason = this.#excess(); reason; reason = this.#excess()) this.#drop(this.#oldest()!, reason) // there is one
  }

  #excess(): DropReason | undefined {
    const { maxMessages, maxBytes } = this.#deps.limits
    if (this.messages > maxMessages) return 'messages'
    return this.#bytes > maxBytes ? 'bytes' : undefined
  }

  #oldest(): Entry | undefined {
    return this.#ages.first?.entry
  }

  #drop(entry: Entry, reason: DropReason): void {
    const { queue } = entry
    this.remove(entry)
    if (queue.clientId !== undefined) return this.#deps.onDropped(reason, queue.clientId)
    this.clear(queue)
    queue.owner?.overflow()
  }
}
