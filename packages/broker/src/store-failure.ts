import { StoreUnavailableError } from '@apsaramq/store'
import type { Refusal } from './verdict.ts'

/** The refusal that follows when something was thrown while a client was judged: unknown is deny. */
export function storeFailure(thrown: unknown): Refusal {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (thrown instanceof StoreUnavailableError) return { cause: 'store-failed', message: `the store failed: ${message}` }
  return { cause: 'internal-error', message: `the client could not be judged: ${message}` }
}
