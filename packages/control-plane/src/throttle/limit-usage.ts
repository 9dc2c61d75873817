import type { Algorithm } from './algorithm.ts'
import type { ThrottleMode, ThrottleScope } from './rule.ts'

/** How one caller's window stands: a row of what is in use. */
export interface LimitUsage {
  /** Name of the rule. */
  rule: string
  scope: ThrottleScope
  /** What the scope tells callers apart by: an account, a user or role of it, an access key, a source address. */
  caller: string
  /** Account of the call that the window was begun by. */
  accountId: string
  /** Undefined where all operations share the window. */
  action: string | undefined
  algorithm: Algorithm
  mode: ThrottleMode
  /** Calls a second, as it is now. */
  limit: number
  used: number
  remaining: number
  /** Calls since the start or the last reset, or since the caller was last forgotten. */
  allowed: number
  refused: number
  /** Milliseconds until the window is empty. */
  resetsInMs: number
}
