import { StoreUnavailableError } from '@apsaramq/store'
import { ApiError } from '../api-error.ts'

/** The refusal a thrown value stands for; what nobody meant to throw is a bug, and is logged whole. */
export function refusalOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreUnavailableError) {
    return new ApiError('InternalError', { cause: 'store-failed', detail: error.message })
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new ApiError('InternalError', { detail })
}
