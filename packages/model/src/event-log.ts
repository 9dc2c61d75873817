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
