import type { LogEntry, ThrottleFacts } from '@apsaramq/model'

/** Calls of one client and operation that one rule has refused or warned of, told together. */
export interface BatchedCalls {
  rule: string
  accountId: string
  /** Empty where nobody signed. */
  accessKeyId: string
  /** The RAM user or role; null for the owner of the account. */
  userName: string | null
  remoteAddress: string
  action: string
  calls: number
  /** The limit when the last of them came, in calls a second; null of a rule that only warns. */
  limit: number | null
  /** What the last of them was told to wait; null where it went on. */
  retryAfterMs: number | null
}

/** A call that the throttle has decided about. */
export type ThrottledEntry = LogEntry & { throttle: ThrottleFacts }

function batchedOf(entry: ThrottledEntry, rule: string): BatchedCalls {
  const { accountId = '', accessKeyId = '', userName = null, remoteAddress = '', action = '' } = entry
  const caller = { accountId, accessKeyId, userName, remoteAddress }
  return { rule, ...caller, action, calls: 0, limit: null, retryAfterMs: null }
}

/** Calls that are told together, a row for each client, operation and rule, and no more rows than fit. */
export class CallBatch {
  readonly #maxRows: number
  readonly #rows = new Map<string, BatchedCalls>()
  #others = 0

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  /** Counts a call to a rule that has refused it, or only warned of it. */
  add(entry: ThrottledEntry, rule: string): void {
    const { accountId, accessKeyId, remoteAddress, action, throttle } = entry
    const key = `${rule}/${accountId}/${accessKeyId}/${remoteAddress}/${action}`
    let row = this.#rows.get(key)
    if (!row) {
      if (this.#rows.size >= this.#maxRows) return void (this.#others += 1)
      this.#rows.set(key, (row = batchedOf(entry, rule)))
    }
    row.calls += 1
    if (throttle.rule !== rule || throttle.admitted) return
    row.limit = throttle.limit
    row.retryAfterMs = throttle.retryAfterMs
  }

  /** What has come together, and how many calls found no row; the batch is empty then. */
  take(): { rows: BatchedCalls[]; others: number } {
    const taken = { rows: [...this.#rows.values()], others: this.#others }
    this.#rows.clear()
    this.#others = 0
    return taken
  }
}
