import { Readable } from 'node:stream'
import * as memory from 'aedes-persistence'
import type { Clock } from '@apsaramq/model'
import type {
  ClientRef,
  OutgoingPacket,
  OutgoingPersistence,
  Persistence,
  StoringSubscription,
} from './aedes-client.ts'
import type { Entry } from './client-queue.ts'
import { messageOf } from './message.ts'
import type { Outbox } from './outbox.ts'
import type { OutgoingQueues } from './outgoing-queues.ts'

const createDriver = memory.default as unknown as () => Persistence // its types do not say so

/** What the persistence needs. */
export interface OfflinePersistenceDeps {
  clock: Clock
  queues: OutgoingQueues
  /** Who sends to a client; undefined where that is nobody. */
  outboxOf(client: ClientRef): Pick<Outbox, 'acknowledged' | 'received'> | undefined
}

/**
 * The memory driver of aedes-persistence with its outgoing half replaced: that one keeps arrays without bounds and
 * searches them from the start, so that a queue of n messages costs n². A client with an outbox is served by that, and
 * aedes finds nothing to send by itself.
 */
export function createOfflinePersistence(deps: OfflinePersistenceDeps): Persistence {
  const driver = createDriver()
  const cleanSubscriptions = driver.cleanSubscriptions.bind(driver)
  return Object.assign(driver, outgoingHalf(deps), {
    // a session ends with all that waits for it; aedes would take the messages out one by one, later [MQTT-3.1.2-6]
    cleanSubscriptions: async (client: ClientRef) => {
      const queue = deps.queues.find(client.id)
      if (queue) deps.queues.clear(queue)
      return cleanSubscriptions(client)
    },
  })
}

function outgoingHalf({ clock, queues, outboxOf }: OfflinePersistenceDeps): OutgoingPersistence {
  const entriesOf = (client: ClientRef) => queues.find(client.id)?.entries ?? []
  function enqueue(subs: StoringSubscription[], packet: OutgoingPacket): void {
    if (subs.length === 0) return
    const message = messageOf(packet, clock.now())
    for (const { clientId, qos } of subs) {
      const queue = queues.open(clientId)
      const known = queue.find(packet)
      const granted = Math.min(packet.qos, qos ?? packet.qos)
      if (known) known.qos = Math.max(known.qos, granted) // filters that overlap: one copy of the highest [MQTT-3.3.5-1]
      else queues.add(queue, message, granted)
    }
  }
  return {
    outgoingEnqueue: async (sub, packet) => enqueue([sub], packet),
    outgoingEnqueueCombi: async (subs, packet) => enqueue(subs, packet),
    async outgoingUpdate(client, packet) {
      const outbox = outboxOf(client)
      if (outbox) return outbox.received(packet)
      const queue = queues.find(client.id)
      const isPublish = packet.cmd === 'publish'
      const entry = isPublish ? queue?.find(packet) : queue?.sentAs(packet.messageId ?? 0)
      if (!queue || !entry) throw new Error('no such packet')
      if (isPublish) queue.identify(entry, packet.messageId ?? 0)
      else entry.pubrel = packet
    },
    async outgoingClearMessageId(client, { messageId = 0 }) {
      const outbox = outboxOf(client)
      if (outbox) return outbox.acknowledged(messageId)
      const entry = queues.find(client.id)?.sentAs(messageId)
      if (!entry) return undefined
      queues.remove(entry)
      return packetOf(entry)
    },
    outgoingStream: (client) => Readable.from(outboxOf(client) ? [] : [...entriesOf(client)].map(packetOf)),
  }
}

/** An entry as aedes knows it. */
function packetOf({ message, qos, messageId, pubrel }: Entry): OutgoingPacket {
  if (pubrel) return pubrel
  const { properties, ...packet } = message.packet
  return { ...packet, ...(properties && { properties }), qos, messageId }
}
