import type { Session } from '@apsaramq/model'
import type { Duplex } from 'node:stream'
import type { PathExpiry } from './expiry-of-path.ts'
import type { Identity } from './identity.ts'
import type { Link } from './link.ts'
import type { Refusal } from './verdict.ts'

/**
 * Where a connection stands.
 * `waiting` no CONNECT yet · `judging` the CONNECT is being judged · `live` admitted · `ended` cut or closed
 */
export type Stage = 'waiting' | 'judging' | 'live' | 'ended'

/** What an admitted connection stands on; never changes. */
export interface Admitted {
  session: Session
  instanceId: string
  accountId: string
  /** Key of the device record that admitted it; undefined where no certificate is asked for. */
  deviceKey: string | undefined
  /** Undefined likewise. */
  expiry: PathExpiry | undefined
  /** Whether its session ends with the connection. */
  clean: boolean
}

/** One connection, from the end of its handshakes to its close. */
export interface Connection {
  readonly id: string
  /** What MQTT is read from and written to. */
  readonly stream: Duplex
  readonly link: Link
  /**
   * Taken once, at the end of the handshake: a destroyed socket has no certificate any more. Undefined once the
   * connection is admitted: what is still needed of it is in its session.
   */
  identity: Identity | undefined
  stage: Stage
  /** Set when a record that may have been read for its admission has changed since. */
  disturbed: boolean
  /** As the CONNECT has it. */
  clientId: string | undefined
  /** Protocol level of the CONNECT: 3, 4 or 5. */
  level: number | undefined
  /** Largest packet the client takes. */
  maxAnswerBytes: number
  admitted: Admitted | undefined
  /** Set once the emulator has decided to end it: from here on nothing of it is accepted. */
  ending: Refusal | undefined
  /** Ends the time limit of the admission, and lets go of what it held. */
  stopWaiting: () => void
}
