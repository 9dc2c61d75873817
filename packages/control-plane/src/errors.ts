import type { AssumptionId } from '@apsaramq/model'
import type { ErrorRow } from './errors/error-row.ts'
import { gatewayErrors } from './errors/gateway-errors.ts'
import { productErrors } from './errors/product-errors.ts'

export type { ErrorRow } from './errors/error-row.ts'

/** Which of two documented HTTP statuses an error has. */
export type ErrorProfile = 'page' | 'notice'

/** Every error the API answers, by its code; `%s` in a code stands for what the refusal is about. */
export const errorTable = { ...gatewayErrors, ...productErrors } as const satisfies Record<string, ErrorRow>

/** A code of the error table. */
export type ErrorCode = keyof typeof errorTable

/** How a family of pages says no: a code of the table, and what differs there from its row. */
export interface RefusalForm {
  code: ErrorCode
  status?: number
  message?: string
  /** Where this form is documented, where that is not the place of the row. */
  documented?: string
  /** Assumptions that this form rests on besides those of the row. LIMITS.md */
  restsOn?: readonly AssumptionId[]
}
