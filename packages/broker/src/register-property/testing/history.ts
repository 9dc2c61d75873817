import type { Cause } from '@apsaramq/model'
import type { BrokerSettings } from '../../settings.ts'

/** A point of the one order in which everything of a history happened; not a time. */
export type Point = number

/** What the broker of a history was told to do. */
export type Setting = Pick<BrokerSettings, 'liveSessions' | 'rejectAt' | 'caStatus'>

type Status = 'active' | 'inactive'

/** What is committed about one certificate; undefined where there is no record. */
export interface Standing {
  caId: string | undefined
  ca: Status | undefined
  device: Status | undefined
}

/** A commit that changed the standing of a certificate. */
export interface Step {
  at: Point
  standing: Standing
  /** Name of the write, undefined where a CONNECT registered the certificate. */
  by: string | undefined
}

/** A change of status, from its call to its answer. */
export interface Write {
  name: string
  call: Point
  answer: Point
  /** Session ids that the store still had when the answer could be read. */
  sessions: readonly string[]
  /** Names of the attempts whose socket the broker had not ended by then. */
  sockets: readonly string[]
}

/** A session as the store had it. */
export interface LiveSession {
  id: string
  caId: string
  begun: Point
  ended: Point | undefined
}

/** What the log says about how a connection ended. */
export interface LoggedEnd {
  at: Point
  kind: 'refuse' | 'drop' | 'disconnect'
  cause: Cause | undefined
  /** Whether the broker had read its CONNECT. */
  named: boolean
}

/** One attempt to connect, and what became of it. */
export interface Attempt {
  name: string
  certificate: string
  clientId: string
  /** Transport, TLS version, MQTT level; resumed or not. */
  via: string
  call: Point
  /** When both sides had finished the handshake; undefined where the client cannot know. */
  secured: Point | undefined
  /** When its CONNECT was written. */
  connecting: Point | undefined
  /** When its outcome was known; undefined for a client that did not wait for it. */
  end: Point | undefined
  outcome: 'admitted' | 'refused' | 'abandoned'
  /** Code of the CONNACK, where one came. */
  connack: number | undefined
  /** When the client closed it by itself. */
  left: Point | undefined
  /** When it was found closed. */
  closed: Point | undefined
  /** When it answered a ping at the end of the history. */
  alive: Point | undefined
  session: LiveSession | undefined
  logged: LoggedEnd | undefined
}

/** A message, or the will of an attempt. */
export interface Message {
  name: string
  /** Name of the attempt on whose connection it was written. */
  attempt: string
  kind: 'qos0' | 'qos1' | 'will'
  written: Point
  /** A point before which the broker cannot have accepted it. */
  notBefore: Point
  /** When its PUBACK was read. */
  acked: Point | undefined
  /** By whom, the observer or the attempt of that name, and when. */
  heard: { by: string; at: Point }[]
}

/** Everything that happened in one interleaving. */
export interface History {
  setting: Setting
  /** Steps of each certificate in the order of their commits, the first at its beginning. */
  certificates: Record<string, Step[]>
  writes: Write[]
  attempts: Attempt[]
  messages: Message[]
  /** What time it was, in milliseconds, from each point on at which it changed. */
  clock: { at: Point; now: number }[]
  /** Certificates registered without the warning that they had been deleted before. */
  unwarned: { certificate: string; at: Point }[]
  /** Ends in the log that belong to no attempt. */
  strays: string[]
}

/** Who hears everything. */
export const observer = 'observer'
