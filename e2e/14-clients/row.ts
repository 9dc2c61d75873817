import type { Endpoints } from '@apsaramq/testkit'
import type { Device } from '../support/certificates.ts'
import type { Tool } from '../support/tools.ts'

/** One combination of what the matrix varies. */
export interface Row {
  protocol: '3.1' | '3.1.1' | '5'
  tls: 'TLSv1.2' | 'TLSv1.3'
  key: 'rsa' | 'ec'
  handshake: 'fresh' | 'resumed'
  transport: 'mqtts' | 'wss'
}

/** What a kind of client can do of each. */
export type Dimensions = { readonly [Name in keyof Row]: readonly Row[Name][] }

/** All of it. */
export const everything: Dimensions = {
  protocol: ['3.1', '3.1.1', '5'],
  tls: ['TLSv1.2', 'TLSv1.3'],
  key: ['rsa', 'ec'],
  handshake: ['fresh', 'resumed'],
  transport: ['mqtts', 'wss'],
}

/** A row, and who sits in it. */
export interface Seat extends Row {
  device: Device
  endpoints: Endpoints
  /** What the client subscribes to, with QoS 2, and publishes to. */
  topic: string
}

/** A device on a client nobody here wrote; it tries nothing by itself. */
export interface Client {
  /** Connects anew and subscribes. */
  connect(): Promise<void>
  /** Publishes, by a sister of the same package with the same certificate where the client itself only listens. */
  publish(payload: string, qos: 0 | 1 | 2): Promise<void>
  /** Resolves once this has come, with this QoS. */
  received(payload: string, qos: 0 | 1 | 2): Promise<void>
  /** What the client tells of the end of its connection, once it does. */
  lost(): Promise<string>
  /** Tries to connect; what the client tells of the refusal. */
  refused(): Promise<string>
  close(): Promise<void>
}

/** A kind of client. */
export interface ClientKind {
  name: string
  tool: Tool
  rows: readonly Row[]
  open(seat: Seat): Client
  /** What its users see: of a live connection that is ended, of a refusal by cut and by CONNACK. */
  tells: Record<'lost' | 'cut' | 'connack', Record<Row['protocol'], RegExp>>
}

/** "MQTT 5, TLS 1.2, RSA, fresh, over mqtts" */
export function rowTitle({ protocol, tls, key, handshake, transport }: Row): string {
  return `MQTT ${protocol}, ${tls.replace('v', ' ')}, ${key.toUpperCase()}, ${handshake}, over ${transport}`
}
