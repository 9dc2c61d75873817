import type { AssumptionId } from '@apsaramq/model'
import type { Algorithm } from './algorithm.ts'

/** Whose calls count together. */
export type ThrottleScope = 'account' | 'user' | 'key' | 'ip'

/** Whether each operation has windows of its own, or all of them share one. */
export type ThrottlePer = 'operation' | 'shared'

/** What becomes of a call above the limit; `warn` lets it go on and says so. */
export type ThrottleMode = 'enforce' | 'warn' | 'off'

/** The codes that every SDK generation knows as a throttle. */
export type ThrottleCode = 'Throttling.User' | 'Throttling.Api' | 'Throttling'

/** The values each property of a rule can have. */
export const ruleChoices = {
  scope: ['account', 'user', 'key', 'ip'],
  per: ['operation', 'shared'],
  algorithm: ['sliding', 'fixed', 'bucket'],
  mode: ['enforce', 'warn', 'off'],
  code: ['Throttling.User', 'Throttling.Api', 'Throttling'],
} as const satisfies { [K in keyof ThrottleRule]?: readonly ThrottleRule[K][] }

/** One limit: a call is admitted only where every enforced rule admits it. */
export interface ThrottleRule {
  /** Unique among the rules of a throttle; stands in logs, metrics and on the management port. */
  name: string
  scope: ThrottleScope
  per: ThrottlePer
  algorithm: Algorithm
  mode: ThrottleMode
  /** What a refusal by this rule is answered with. */
  code: ThrottleCode
  /** Calls a second; undefined where the rule is about the operations of `limitByAction` alone. */
  limit?: number
  /** Calls a second of operations that have a limit of their own. */
  limitByAction?: Readonly<Record<string, number>>
  /** Assumptions a refusal or warning by this rule rests on, besides those of the code. */
  restsOn?: readonly AssumptionId[]
}

/** Largest limit that can be set; it stands for none. */
export const maxLimitPerSecond = 1_000_000_000

/** @throws {RangeError} unless it is a whole number of calls a second from 1 to {@link maxLimitPerSecond} */
export function checkedLimit(perSecond: number): number {
  if (Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= maxLimitPerSecond) return perSecond
  throw new RangeError(
    `the limit must be a whole number of calls a second from 1 to ${maxLimitPerSecond}; it was ${String(perSecond)}`,
  )
}

/** @throws {RangeError} when a property has a value that there is not, or a limit is none */
export function checkRule(rule: ThrottleRule): void {
  for (const [property, allowed] of Object.entries(ruleChoices)) {
    const value: string = rule[property as keyof typeof ruleChoices]
    if (allowed.some((choice) => choice === value)) continue
    throw new RangeError(
      `the ${property} of the rule ${rule.name} must be one of ${allowed.join(', ')}; it was ${value}`,
    )
  }
  for (const limit of [rule.limit ?? 1, ...Object.values(rule.limitByAction ?? {})]) checkedLimit(limit)
  if (rule.per === 'operation' || rule.limitByAction === undefined) return
  throw new RangeError(`the rule ${rule.name} is of all operations together and cannot have limits of single ones`)
}
