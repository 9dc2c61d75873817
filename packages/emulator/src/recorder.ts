import { serialNumberKey, type Clock, type EventLog, type LogEntry, type LogEntryInput } from '@apsaramq/model'

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

/** Keeps the latest entries in memory and hands each to a sink. */
export interface Recorder extends EventLog {
  entries(filter?: LogFilter): LogEntry[]
  reset(): void
}

/** Accepted and throttled calls come by the thousand; they must not push out what a user will ask about. */
function isRoutine(entry: LogEntryInput): boolean {
  return entry.kind === 'call' && (entry.cause === undefined || entry.cause === 'throttled')
}

function ring(capacity: number) {
  let kept: LogEntry[] = []
  return {
    push(entry: LogEntry) {
      kept.push(entry)
      if (kept.length >= capacity * 2) kept = kept.slice(-capacity)
    },
    latest: () => kept.slice(-capacity),
    clear: () => {
      kept = []
    },
  }
}

/** Whether an entry is about a certificate, of a device or a CA, with this serial number in any of its spellings. */
function hasSerialNumber({ deviceSn, caSn }: LogEntry, wanted: string): boolean {
  const key = serialNumberKey(wanted)
  return [deviceSn, caSn].some((shown) => shown !== undefined && serialNumberKey(shown) === key)
}

function matches(entry: LogEntry, filter: LogFilter): boolean {
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
 * @param capacity entries a ring
 */
export function createRecorder(clock: Clock, sink: (entry: LogEntry) => void, capacity = 10_000): Recorder {
  const routine = ring(capacity)
  const notable = ring(capacity)
  let seq = 0
  return {
    write(input) {
      seq += 1
      const entry = { seq, at: clock.now(), ...input }
      ;(isRoutine(input) ? routine : notable).push(entry)
      sink(entry)
    },
    entries(filter = {}) {
      const found = [...routine.latest(), ...notable.latest()].filter((entry) => matches(entry, filter))
      return found.sort((a, b) => a.seq - b.seq).slice(-(filter.limit ?? 1_000))
    },
    reset() {
      routine.clear()
      notable.clear()
    },
  }
}
