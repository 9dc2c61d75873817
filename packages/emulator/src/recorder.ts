import { serialNumberKey, type Clock, type EventLog, type LogEntry, type LogEntryInput } from '@apsaramq/model'
import { LogRing } from './log-ring.ts'
import type { StreamedLog } from './log-streams.ts'

/** Which entries to return; every condition that is given must hold. */
export interface LogFilter {
  /** Only entries with a greater `seq`. */
  after?: number
  /** At most that many, the newest; 1,000 unless told. */
  limit?: number
  clientId?: string
  /** Serial number of a device or CA certificate. */
  sn?: string
  requestId?: string
}

/** Keeps the latest entries in memory and hands each to whoever listens. */
export interface Recorder extends EventLog, StreamedLog<LogEntry> {
  entries(filter?: LogFilter): LogEntry[]
  /** Calls `listener` for each entry from now on, before its writer goes on. It must be quick and must not throw. */
  subscribe(listener: (entry: LogEntry) => void): () => void
  reset(): void
}

/** Accepted and throttled calls come by the thousand; they must not push out what a user will ask about. */
function isRoutine(entry: LogEntryInput): boolean {
  return entry.kind === 'call' && (entry.cause === undefined || entry.cause === 'throttled')
}

/** Whether an entry is about a certificate, of a device or a CA, with this serial number in any of its spellings. */
function hasSerialNumber({ deviceSn, caSn }: LogEntry, wanted: string): boolean {
  const key = serialNumberKey(wanted)
  return [deviceSn, caSn].some((shown) => shown !== undefined && serialNumberKey(shown) === key)
}

/** Whether an entry is one that is asked for. */
export function matches(entry: LogEntry, filter: LogFilter): boolean {
  return (
    entry.seq > (filter.after ?? 0) &&
    (filter.clientId === undefined || entry.clientId === filter.clientId) &&
    (filter.sn === undefined || hasSerialNumber(entry, filter.sn)) &&
    (filter.requestId === undefined || entry.requestId === filter.requestId)
  )
}

/**
 * A recorder over two rings, so that a flood of accepted calls leaves refusals and drops in place.
 *
 * @param sink told every entry first
 * @param capacity entries a ring
 */
export function createRecorder(clock: Clock, sink: (entry: LogEntry) => void, capacity = 10_000): Recorder {
  const rings = { routine: new LogRing(capacity), notable: new LogRing(capacity) }
  let listeners: readonly ((entry: LogEntry) => void)[] = [sink]
  let seq = 0
  return {
    write(input) {
      seq += 1
      const entry = { seq, at: clock.now(), ...input }
      rings[isRoutine(input) ? 'routine' : 'notable'].push(entry)
      for (const listener of listeners) listener(entry)
    },
    entries(filter = {}) {
      const { after = 0, limit = 1_000 } = filter
      const found = merged(rings.routine.after(after), rings.notable.after(after)).filter((entry) =>
        matches(entry, filter),
      )
      return found.slice(-limit)
    },
    following: (after, limit) =>
      merged(rings.routine.after(after, limit), rings.notable.after(after, limit)).slice(0, limit),
    lastSeq: () => seq,
    lostUpTo: () => Math.max(rings.routine.lostUpTo, rings.notable.lostUpTo),
    subscribe(listener) {
      listeners = [...listeners, listener]
      return () => {
        listeners = listeners.filter((other) => other !== listener)
      }
    },
    reset() {
      rings.routine.clear()
      rings.notable.clear()
    },
  }
}

function merged(one: readonly LogEntry[], other: readonly LogEntry[]): LogEntry[] {
  return [...one, ...other].sort((a, b) => a.seq - b.seq)
}
