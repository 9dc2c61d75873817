import type { Window } from './algorithm.ts'
import { callerIn, type ThrottleCaller } from './caller.ts'
import type { Decision } from './decision.ts'
import type { CallCounts, ForgottenCounts } from './departed-counts.ts'
import type { LimitUsage } from './limit-usage.ts'
import { checkRule, type ThrottleRule } from './rule.ts'
import { RuleLimits } from './rule-limits.ts'
import { WindowTable, type CountedWindow } from './window-table.ts'

/** What a rule has to do with one call: the window it would count to, and the limit there. */
export interface RuleCall {
  readonly inForce: RuleInForce
  readonly counted: CountedWindow
  readonly limit: number
  /** Whether the window takes the call. */
  readonly takes: boolean
}

/** What a rule says of a call. */
export interface RuleDecision extends Decision {
  rule: ThrottleRule
}

/** A rule with its limits as they are now and the windows of its callers. */
export class RuleInForce {
  readonly rule: ThrottleRule
  readonly limits: RuleLimits
  readonly #windows: WindowTable

  /** @throws {RangeError} as {@link checkRule} */
  constructor(rule: ThrottleRule) {
    checkRule(rule)
    this.rule = rule
    this.limits = new RuleLimits(rule)
    this.#windows = new WindowTable(rule.algorithm)
  }

  /** Looks at a call and counts nothing; undefined where the rule is not about it. */
  look(caller: ThrottleCaller, action: string, now: number): RuleCall | undefined {
    const { scope, per } = this.rule
    const limit = this.limits.of(caller.accountId, action)
    if (limit === undefined) return undefined
    const of = per === 'shared' ? undefined : action
    const counted = this.#windows.of(callerIn[scope](caller), caller.accountId, of, now)
    return { inForce: this, counted, limit, takes: counted.window.takes(now, limit) }
  }

  /** The windows as they stand at `now`, and those who left them empty. */
  *usage(now: number): Generator<LimitUsage> {
    for (const counted of this.#windows.values()) yield* this.#usageOf(counted, counted.window, now)
    for (const counts of this.#windows.departed()) yield* this.#usageOf(counts, undefined, now)
  }

  /** What came of the calls of callers that no row of the usage is about. */
  get forgotten(): ForgottenCounts {
    return this.#windows.forgotten
  }

  /** How many windows are held. */
  get size(): number {
    return this.#windows.size
  }

  /** Forgets every caller, and every change of a limit. */
  reset(): void {
    this.#windows.clear()
    this.limits.reset()
  }

  *#usageOf(counts: CallCounts, window: Window | undefined, now: number): Generator<LimitUsage> {
    const { name, scope, algorithm, mode } = this.rule
    const { caller, accountId, action, allowed, refused } = counts
    const limit = this.limits.of(accountId, action ?? '')
    if (limit === undefined || allowed + refused === 0) return
    const isEmpty = window === undefined || window.isEmpty(now)
    const { used, remaining, resetMs } = isEmpty
      ? { used: 0, remaining: limit, resetMs: 0 }
      : window.standing(now, limit)
    const row = { rule: name, scope, caller, accountId, action, algorithm, mode }
    yield { ...row, limit, used, remaining, allowed, refused, resetsInMs: resetMs }
  }
}
