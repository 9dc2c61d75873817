import type { ThrottleCaller } from '../throttle/caller.ts'
import type { ThrottleRule } from '../throttle/rule.ts'

/** A rule as the default one is, unless told otherwise. */
export function ruleOf(more: Partial<ThrottleRule> = {}): ThrottleRule {
  const limit = 'limit' in more || 'limitByAction' in more ? {} : { limit: 2 }
  const counting = { name: 'calls', scope: 'account', per: 'operation', algorithm: 'sliding' } as const
  return { ...counting, mode: 'enforce', code: 'Throttling.User', ...limit, ...more }
}

/** The owner of an account, unless told otherwise. */
export function callerFrom(accountId: string, more: Partial<ThrottleCaller> = {}): ThrottleCaller {
  return { accountId, accessKeyId: `key-of-${accountId}`, sourceIp: '192.0.2.1', ...more }
}
