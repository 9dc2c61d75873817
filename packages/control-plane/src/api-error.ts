import type { AssumptionId, Cause } from '@apsaramq/model'
import { noticeStatuses } from './errors/status-notice.ts'
import { errorTable, type ErrorCode, type ErrorProfile, type ErrorRow, type RefusalForm } from './errors.ts'

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
  /** What the refusal is about, where its code has a variable part. */
  about?: string
}

/**
 * A refusal that the caller may see. It has no stack: it is an answer, not a fault, and to find out where it was thrown
 * would cost a refused call more than all the rest of refusing it.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** As answered: a code of the table, its variable part filled in. */
  readonly code: string
  /** HTTP status of the page. */
  readonly status: number
  /** HTTP status of the later notice, where it was seen. LIMITS A-10 */
  readonly statusOfNotice: number | undefined
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
    this.code = code.replace('%s', refusal.about ?? '')
    this.status = refusal.status ?? documented.status
    this.statusOfNotice = noticeStatuses[code]
    this.reason = refusal.cause ?? documented.cause
    this.detail = refusal.detail
    this.restsOn = refusal.restsOn ? [...documented.restsOn, ...refusal.restsOn] : documented.restsOn
  }
}

/** A refusal in the words of a family of pages; what the place that refuses says itself goes first. */
export function refusedAs({ code, ...form }: RefusalForm, refusal: Refusal): ApiError {
  return new ApiError(code, { ...form, ...refusal })
}

/** The HTTP status of a refusal, by the one of two documents that is asked for. LIMITS A-10 */
export function statusIn(profile: ErrorProfile, { status, statusOfNotice }: ApiError): number {
  return profile === 'notice' ? (statusOfNotice ?? status) : status
}
