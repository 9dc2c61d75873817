import type { Algorithm } from './algorithm.ts'
import type { ThrottleCode, ThrottleMode, ThrottlePer, ThrottleRule, ThrottleScope } from './rule.ts'

/** What a user decides about the throttle. */
export interface ThrottleSettings {
  /** LIMITS A-05 */
  algorithm: Algorithm
  scope: ThrottleScope
  per: ThrottlePer
  /** LIMITS A-25 */
  code: ThrottleCode
  /** Calls a second of operations that have a limit of their own, besides those that are documented at one. */
  limitByAction: Readonly<Record<string, number>>
  /** The documented limit of a source address for one operation. LIMITS A-58 */
  sourceIp: { mode: ThrottleMode; limit: number }
}

/** The rule of the documented 500 calls a second. */
export const callsRule = 'calls'
/** Where all operations share the limit: the rule of those that are documented at another one. */
export const operationRule = 'operation'
/** The rule of the documented 300 calls a second of a source address. */
export const sourceIpRule = 'source-ip'

/**
 * The rules that the settings make. Where all operations share one limit, each call counts to it, and an operation with
 * a limit of its own keeps that beside it: the documented quota of 100 is no less true. LIMITS A-59
 *
 * @param limit calls a second of each operation that is documented at 500, or of all of them together
 * @param limitByAction calls a second of the others
 */
export function throttleRules(
  { algorithm, scope, per, code, sourceIp }: ThrottleSettings,
  limit: number,
  limitByAction: Readonly<Record<string, number>>,
): ThrottleRule[] {
  const counting = restsOn(algorithm, scope)
  const common = { scope, algorithm, code, mode: 'enforce' } as const
  const ofAddress = { name: sourceIpRule, scope: 'ip', per: 'operation', restsOn: ['A-58'] } as const
  const perAddress = { ...ofAddress, algorithm, code, ...sourceIp }
  if (per === 'operation')
    return [{ ...common, name: callsRule, per, limit, limitByAction, restsOn: counting }, perAddress]
  return [
    { ...common, name: callsRule, per, limit, restsOn: [...counting, 'A-59'] },
    { ...common, name: operationRule, per: 'operation', limitByAction, restsOn: counting },
    perAddress,
  ]
}

function restsOn(algorithm: Algorithm, scope: ThrottleScope): NonNullable<ThrottleRule['restsOn']> {
  return [...(algorithm === 'sliding' ? [] : ['A-79' as const]), ...(scope === 'user' ? ['A-66' as const] : [])]
}
