import type { AssumptionId, Cause } from '@apsaramq/model'
import { errorTable, type ErrorCode, type ErrorRow } from './errors.ts'

/** What the place that refuses knows beyond the row of the code. */
export interface Refusal {
  /** One sentence for the log: which fact decided it. Never a secret, never a signature. */
  detail: string
  cause?: Cause
  status?: number
  /** Assumptions it rests on besides those of the row. */
  restsOn?: readonly AssumptionId[]
  /** Replaces the message of the row, where the vendor's has a variable part. */
  message?: string
}

/**
 * A refusal that the caller may see. It has no stack: it is an answer, not a fault, and to find out where it was thrown
 * would cost a refused call more than all the rest of refusing it.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode
  readonly status: number
  /** Why, for log and explain. */
  readonly reason: Cause
  /** For the log only. */
  readonly detail: string
  readonly restsOn: readonly AssumptionId[]

  constructor(code: ErrorCode, refusal: Refusal) {
    const documented: ErrorRow = errorTable[code]
    const frames = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(refusal.message ?? documented.message)
    Error.stackTraceLimit = frames
    this.code = code
    this.status = refusal.status ?? documented.status
    this.reason = refusal.cause ?? documented.cause
    this.detail = refusal.detail
    this.restsOn = refusal.restsOn ? [...documented.restsOn, ...refusal.restsOn] : documented.restsOn
  }
}
