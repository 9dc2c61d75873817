import type { AssumptionId, Cause } from '@apsaramq/model'

/** What the API says of one kind of failure. */
export interface ErrorRow {
  /** HTTP status: of the operation's page, else of the status notice, else of an older page. LIMITS A-10 */
  status: number
  message: string
  /** The cause in the log, where the place that throws does not know better. */
  cause: Cause
  /** Where it is documented; what is not says so. */
  documented: string
  /** Assumptions that the answer rests on. */
  restsOn: readonly AssumptionId[]
}

/** A row of the table. */
export function row(
  status: number,
  message: string,
  cause: Cause,
  documented: string,
  ...restsOn: readonly AssumptionId[]
): ErrorRow {
  return { status, message, cause, documented, restsOn }
}
