import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Aedes, Client } from 'aedes'

/** What aedes 2.0.0-beta.1 has and its types do not say. */
export interface AedesClient extends Client {
  /** Seconds; said in the CONNACK of MQTT 5 where it is set. */
  _serverKeepAlive: number | undefined
  /** Whether the CONNACK has been written. */
  connackSent: boolean
  /** Set by a DISCONNECT of the client. */
  _disconnected: boolean
  _parser: { parse(bytes: Buffer): number }
  will: object | null | undefined
  /** The will until the client is authenticated. */
  _will: object | null | undefined
  broker: AedesBroker
}

/** A subscription as it is persisted. */
export interface PersistedSubscription {
  topic: string
  qos: number
}

/** A packet that is on its way in or out. */
export interface IdentifiedPacket {
  messageId?: number
}

/** A message that is retained, as far as it is looked at here. */
export interface RetainedPacket {
  topic: string
  payload: Buffer | string
}

/** What the persistence of aedes keeps, as far as it is used here; its types are those of an older one. */
export interface Persistence {
  delWill(client: { id: string; brokerId: string }): Promise<unknown>
  /** An empty payload takes the message away that is retained for the topic. */
  storeRetained(packet: RetainedPacket): Promise<void>
  addSubscriptions(client: Client, subscriptions: PersistedSubscription[]): Promise<void>
  incomingStorePacket(client: Client, packet: IdentifiedPacket): Promise<void>
  incomingDelPacket(client: Client, packet: IdentifiedPacket): Promise<void>
  cleanIncoming(client: { id: string }): Promise<void>
  /** What waits for the client goes, too. */
  cleanSubscriptions(client: { id: string }): Promise<void>
}

/** What aedes 2.0.0-beta.1 has and its types do not say. */
export interface AedesBroker extends Aedes {
  /** Seconds for which the session of a client lasts that asked for so many. */
  clampSessionExpiry(seconds: number): number
  persistence: Persistence
  /** Publishes the wills that brokers left behind which have died; here is only one. */
  _clearWillInterval: NodeJS.Timeout
  /** Ends the session of a client that is gone when its time has come. */
  scheduleSessionExpiry(client: Client): void
  unregisterClient(client: Client): void
  /** The session of a client that is gone is not waited for any more. */
  clearSessionExpiry(clientId: string): void
}

/** Listens for what aedes could not persist; without a listener the process would die of it. */
export function onBrokerError(aedes: EventEmitter, listener: (error: Error) => void): void {
  aedes.on('error', listener)
}

/** The client that aedes has made of a stream. */
export function clientOf(stream: Duplex): AedesClient | undefined {
  return (stream as Duplex & { client?: AedesClient }).client // aedes sets it on every stream it handles
}

/** Lets a client hear nothing more: aedes reads on, and what no guard has seen would kill its parser. */
export function deafen(stream: Duplex): void {
  const client = clientOf(stream)
  if (client) client._parser.parse = () => 0
}

/**
 * Takes the will away from a connection that is about to be cut: aedes would publish it.
 *
 * @returns whether there was one
 */
export function suppressWill(stream: Duplex): boolean {
  const client = clientOf(stream)
  if (!client) return false
  const had = Boolean(client.will ?? client._will)
  client.will = null
  client._will = null
  // the copy kept for a crash of the broker; the one in memory cannot fail, one that does leaves it to be cleared there
  if (had)
    client.broker.persistence
      .delWill({ id: client.id, brokerId: client.broker.id })
      .catch((error) => client.broker.emit('error', error))
  return had
}
