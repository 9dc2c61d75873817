import type { Duplex, Readable } from 'node:stream'
import type { Persistence as KnownPersistence } from '../aedes-inside.ts'

/** A message as aedes hands it out. */
export interface OutgoingPacket {
  cmd: string
  /** Missing in a retained message, which nobody publishes now. */
  brokerId?: string | null | undefined
  /** Grows by one a message. */
  brokerCounter?: number | undefined
  topic: string
  payload: Buffer | string
  qos: number
  retain: boolean
  dup: boolean
  messageId?: number | undefined
  properties?: MessageProperties | undefined
  /** Who published it, where that is known. */
  clientId?: string
  /** No Local: its publisher does not get it. */
  nl?: boolean
}

/** Properties of an MQTT 5 PUBLISH; those that are not named are passed on as they are. */
export interface MessageProperties {
  messageExpiryInterval?: number | undefined
  subscriptionIdentifier?: number | number[] | undefined
  correlationData?: Buffer | undefined
  [name: string]: unknown
}

/** A subscription of a client that is connected. */
export interface LiveSubscription {
  qos: number
  /** Retain As Published. */
  rap?: boolean | undefined
  /** No Local. */
  nl?: boolean | undefined
  /** Subscription Identifier. */
  si?: number | undefined
}

/** Hands a message to a subscriber; what is published next waits for `done`. */
export type Deliver = (packet: OutgoingPacket, done: () => void) => void

/** What aedes 2.0.0-beta.1 has in a client, and its types do not say. */
export interface DeliveringClient {
  readonly id: string
  readonly version: number
  /** Whether the session ends with the connection. */
  readonly clean: boolean
  /** Whether it began anew: in MQTT 5 that is another question. */
  readonly _cleanStart: boolean
  readonly closed: boolean
  readonly conn: Duplex
  readonly subscriptions: Readonly<Record<string, LiveSubscription>>
  /** Of the CONNECT, 65,535 where it has none. */
  readonly receiveMaximum: number
  readonly maximumPacketSize: number | undefined
  readonly broker: { counter: number; authorizeForward(client: unknown, packet: OutgoingPacket): unknown }
  readonly _parser: { on(event: 'packet', listener: (packet: ArrivedAck) => void): void }
  deliver0: Deliver
  deliverQoS: Deliver
}

/** A packet that came from a client, as far as it is looked at here. */
export interface ArrivedAck {
  cmd: string
  messageId?: number
  reasonCode?: number
}

/** Whom aedes asks a persistence about. */
export interface ClientRef {
  id: string
}

/** A subscription of a persistent session that a message matches. */
export interface StoringSubscription {
  clientId: string
  qos?: number
}

/** The outgoing half of a persistence, as aedes calls it. */
export interface OutgoingPersistence {
  outgoingEnqueue(sub: StoringSubscription, packet: OutgoingPacket): Promise<void>
  outgoingEnqueueCombi(subs: StoringSubscription[], packet: OutgoingPacket): Promise<void>
  outgoingUpdate(client: ClientRef, packet: OutgoingPacket): Promise<void>
  outgoingClearMessageId(client: ClientRef, packet: { messageId?: number }): Promise<unknown>
  outgoingStream(client: ClientRef): Readable
}

/** A persistence with its outgoing half. */
export interface Persistence extends Omit<KnownPersistence, keyof OutgoingPersistence>, OutgoingPersistence {}
