import type { AssumptionId, EventLog, LogEntryInput, TouchAssumption } from '@apsaramq/model'

/** A log that a test can wait on. */
export interface MemoryLog extends EventLog {
  readonly entries: readonly LogEntryInput[]
  readonly assumed: readonly { id: AssumptionId; about: string | undefined }[]
  readonly assume: TouchAssumption
  /** Resolves with the first entry, past or future, of which all of `part` is true. */
  waitFor(part: Partial<LogEntryInput>): Promise<LogEntryInput>
  /** The entries of which all of `part` is true. */
  find(part: Partial<LogEntryInput>): LogEntryInput[]
}

/** An empty log. */
export function createMemoryLog(): MemoryLog {
  const entries: LogEntryInput[] = []
  const assumed: { id: AssumptionId; about: string | undefined }[] = []
  const waiting = new Set<{ part: Partial<LogEntryInput>; resolve: (entry: LogEntryInput) => void }>()
  const find = (part: Partial<LogEntryInput>) => entries.filter((entry) => isPart(part, entry))
  return {
    entries,
    assumed,
    assume: (id, about) => void assumed.push({ id, about }),
    find,
    write(entry) {
      entries.push(entry)
      for (const waiter of waiting) {
        if (!isPart(waiter.part, entry)) continue
        waiting.delete(waiter)
        waiter.resolve(entry)
      }
    },
    waitFor(part) {
      const past = find(part)[0]
      return past ? Promise.resolve(past) : new Promise((resolve) => waiting.add({ part, resolve }))
    },
  }
}

function isPart(part: Partial<LogEntryInput>, entry: LogEntryInput): boolean {
  return Object.entries(part).every(([name, value]) => entry[name as keyof LogEntryInput] === value) // its own names
}
