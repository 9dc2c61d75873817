import type { Cause } from './causes.ts'

/** Which part of the emulator an entry is about. */
export type Plane = 'api' | 'mqtt' | 'management' | 'emulator'

/**
 * What happened, in one word a kind.
 * `call` an API call was answered · `connect` a session was accepted · `refuse` a connection was refused ·
 * `drop` a live session was ended by the emulator · `disconnect` a session ended by itself or its client ·
 * `register` a certificate was registered at CONNECT · `warn` something a user should know · `lifecycle` start, reset, stop
 */
export type LogKind = 'call' | 'connect' | 'refuse' | 'drop' | 'disconnect' | 'register' | 'warn' | 'lifecycle'

/** What a room writes; never holds a secret, a key, a password or a signature. */
export interface LogEntryInput {
  plane: Plane
  kind: LogKind
  /** Set on every refusal and every forced end. */
  cause?: Cause
  /** One sentence for a reader: what was refused, and the facts that decided it. */
  message: string
  requestId?: string
  accessKeyId?: string
  accountId?: string
  action?: string
  status?: number
  code?: string
  instanceId?: string
  clientId?: string
  deviceSn?: string
  caSn?: string
  fingerprint?: string
  remoteAddress?: string
  /** Which registered session the entry is about. */
  sessionId?: string
  /** The client ended its session by DISCONNECT. */
  byDisconnect?: true
  durationMs?: number
  /** Name of the RAM user or role that made the call. */
  userName?: string
  throttle?: ThrottleFacts
}

/** What the throttle has decided about a call. */
export interface ThrottleFacts {
  /** Name of the rule that refused, or of the one with the fewest calls left. */
  rule: string
  admitted: boolean
  /** Calls a second. */
  limit: number
  /** Calls in the window, with this one where it was admitted. */
  used: number
  /** What a refused client was told to wait, in milliseconds. */
  retryAfterMs: number
  /** Names of the rules that would have refused the call, were they enforced. */
  warnedBy?: readonly string[]
}

/** An entry as it is kept: `seq` grows by one an entry, `at` is wall-clock milliseconds. */
export interface LogEntry extends LogEntryInput {
  seq: number
  at: number
}

/** Where both planes write what happened. */
export interface EventLog {
  write(entry: LogEntryInput): void
}
