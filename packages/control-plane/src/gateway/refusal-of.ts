import { StoreUnavailableError } from '@apsaramq/store'
import { ApiError, refusedAs } from '../api-error.ts'
import type { RefusalForm } from '../errors.ts'

/**
 * The refusal a thrown value stands for; what nobody meant to throw is a bug, and is logged whole.
 *
 * @param form how the pages of the operation word it, where one was found
 */
export function refusalOf(error: unknown, form: RefusalForm = { code: 'InternalError' }): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreUnavailableError) {
    return refusedAs(form, { cause: 'store-failed', detail: error.message })
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return refusedAs(form, { detail })
}
