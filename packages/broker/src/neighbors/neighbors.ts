import type { EventEmitter } from 'node:events'
import type { AssumptionId, Cause } from '@apsaramq/model'
import { factsOf } from '../connection-facts.ts'
import type { Connection } from '../connection.ts'
import type { Endings } from '../endings.ts'
import type { BrokerOptions } from '../settings.ts'
import type { ClientRef, DeliveringClient, Persistence } from './aedes-client.ts'
import { DropLog } from './drop-log.ts'
import { neighborLimits, type NeighborLimits } from './limits.ts'
import { createOfflinePersistence } from './offline-persistence.ts'
import { Outbox, type OutboxDeps } from './outbox.ts'
import { OutgoingQueues, type DropReason } from './outgoing-queues.ts'

/** What neighbors need. */
export interface NeighborsDeps extends Pick<BrokerOptions, 'clock' | 'log' | 'assume'> {
  endings: Pick<Endings, 'drop'>
}

/** What a broker sends to its subscribers and keeps for them, in place of what aedes would. */
export interface Neighbors {
  /** For the options of aedes. */
  readonly persistence: Persistence
  /** Starts to serve each client of a broker once it is connected. */
  follow(aedes: EventEmitter): void
  /** Takes over what is sent to a client of aedes; to be called before its CONNECT is handled. */
  attach(client: object, connection: Connection): void
  /** Tells the log what is left to tell. */
  close(): void
}

/** Bounds what a client of an instance can cost the others. */
export function createNeighbors(deps: NeighborsDeps, limits: NeighborLimits = neighborLimits): Neighbors {
  const { clock } = deps
  const outboxes = new WeakMap<object, Outbox>()
  const drops = new DropLog<DropReason>(clock, (reason, count, clientId) => tellDrops(deps, reason, count, clientId))
  const queues = new OutgoingQueues({ clock, limits, onDropped: (reason, clientId) => drops.count(reason, clientId) })
  const persistence = createOfflinePersistence({ clock, queues, outboxOf: (client: ClientRef) => outboxes.get(client) })
  return {
    persistence,
    follow: (aedes) =>
      void aedes.on('clientReady', (client: DeliveringClient) => {
        outboxes.get(client)?.start()
        // a session that was resumed and ends with this connection: nothing more is to be kept for it
        if (client.clean && !client._cleanStart) void persistence.cleanSubscriptions(client)
      }),
    attach(client, connection) {
      const delivering = client as DeliveringClient // aedes' types leave out what is needed here
      const outbox = new Outbox({ clock, limits, queues, ...troublesOf(deps, connection) }, delivering)
      outboxes.set(client, outbox)
      replaceDelivery(delivering, outbox)
    },
    close: () => drops.close(),
  }
}

function replaceDelivery(client: DeliveringClient, outbox: Outbox): void {
  client.deliver0 = client.deliverQoS = (packet, done) => {
    setImmediate(done) // not at once: the emitter would come back from inside itself, deeper with each message
    outbox.deliver(packet)
  }
  // how a QoS 2 message can end without aedes asking its persistence
  client._parser.on('packet', ({ cmd, messageId = 0, reasonCode = 0 }) => {
    if (cmd === 'pubrec' && client.clean && reasonCode >= 0x80) outbox.acknowledged(messageId)
  })
  client.conn.once('close', () => outbox.stop())
}

type Troubles = Pick<OutboxDeps, 'assume' | 'onSlow' | 'onLossBegins' | 'onLossEnds' | 'onTooLarge'>

/** What becomes of the trouble with one client. */
function troublesOf({ log, assume, endings }: NeighborsDeps, connection: Connection): Troubles {
  const warn = (cause: Cause, message: string) =>
    log.write({ plane: 'mqtt', kind: 'warn', cause, message, ...factsOf(connection) })
  const touch = (id: AssumptionId) => assume(id, connection.admitted?.session.clientId)
  return {
    assume: touch,
    onSlow(message) {
      touch('A-72') // LIMITS A-72
      endings.drop([connection], { cause: 'slow-consumer', message, reasonCode: 0x97 }, 'published')
    },
    onLossBegins() {
      touch('A-72')
      warn('slow-consumer', 'the client does not read: messages of QoS 0 to it are dropped from now on')
    },
    onLossEnds: (count) => warn('slow-consumer', `${count} messages of QoS 0 to the client were dropped`),
    onTooLarge: (topic, bytes) =>
      warn('message-too-large-for-client', `a message of topic ${topic} is not sent: its packet has ${bytes} bytes`),
  }
}

const dropped: Readonly<Record<DropReason, { cause: Cause; why: string }>> = {
  messages: { cause: 'offline-queues-full', why: 'the instance keeps no more messages' },
  bytes: { cause: 'offline-queues-full', why: 'the instance keeps no more bytes' },
  age: { cause: 'offline-message-too-old', why: 'three days old' },
}

function tellDrops({ log, assume }: NeighborsDeps, reason: DropReason, count: number, clientId: string): void {
  const { cause, why } = dropped[reason]
  if (reason === 'bytes') assume('A-71', clientId) // LIMITS A-71
  const message = `messages for persistent sessions dropped: ${count}, ${why}, the last for ${clientId}`
  log.write({ plane: 'mqtt', kind: 'warn', cause, message, clientId })
}
