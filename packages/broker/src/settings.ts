import type { Clock, EventLog, Random, Session, TouchAssumption } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'

/**
 * What happens to the live sessions of a certificate that is inactivated or deleted: ended before the answer is
 * sent, left alone, or judged again after a while. LIMITS
 */
export type LiveSessionPolicy = { kind: 'drop' } | { kind: 'keep' } | DelayPolicy

/** Each session has its own moment: after the delay, and a part of the jitter that chance decides. */
export interface DelayPolicy {
  kind: 'delay'
  delayMs: number
  /** None unless given. */
  jitterMs?: number
}

/**
 * Whom an inactive CA keeps out: `documented`, devices that are not registered yet; `strict`, every device under it,
 * and under `drop` its live sessions end. LIMITS A-03
 */
export type CaStatusRule = 'documented' | 'strict'

/** What a user may choose about the broker. */
export interface BrokerSettings {
  liveSessions: LiveSessionPolicy
  /** Whether a refused client is cut, or told by a CONNACK. LIMITS A-02 */
  rejectAt: 'cut' | 'connack'
  caStatus: CaStatusRule
  /** Whether a live session outlives a certificate on its path that expires, as it does where only TLS asks. LIMITS A-75 */
  expiredSessions: 'stay' | 'drop'
  /** Whether the will of a session that is ended by force is published. LIMITS A-15 */
  willOnDrop: 'suppress' | 'publish'
  /** False lifts the rules of client ids, topics, payloads, subscriptions, QoS and keep alive. */
  strict: boolean
  /** From the end of the handshake to the end of the admission; the handshake itself has as long. */
  connectTimeoutMs: number
  maxPacketBytes: number
}

/** What the broker needs. */
export interface BrokerOptions {
  store: Store
  clock: Clock
  random: Random
  log: EventLog
  assume: TouchAssumption
  settings: BrokerSettings
  /** Key and certificate of the server, PEM. */
  tls: { key: string; cert: string }
}

/** What carries MQTT: TLS or TCP, itself or below a WebSocket. */
export type Transport = Session['transport']

/** An MQTT broker over mutual TLS that asks the store whether a certificate may connect. */
export interface Broker {
  /** Listens; port 0 takes a free one. @throws the error of the socket, for example EADDRINUSE */
  listen(transport: Transport, at: { host: string; port: number }): Promise<{ port: number }>
  /** Shows another server certificate from the next handshake on; no TLS session from before can be resumed. */
  setTls(context: { key: string; cert: string }): void
  /** Admits nobody, ends every connection and forgets retained messages and queues. */
  pause(): Promise<void>
  /** Admits again. */
  resume(): void
  /** Ends every connection and every listener; nothing of the broker is left behind. */
  close(): Promise<void>
}
