import type { Clock } from '@apsaramq/model'
import type { ThrottleCaller } from './caller.ts'
import type { ForgottenCounts } from './departed-counts.ts'
import type { LimitUsage } from './limit-usage.ts'
import { RuleInForce, type RuleCall } from './rule-in-force.ts'
import type { ParticularLimit } from './rule-limits.ts'
import type { ThrottleRule } from './rule.ts'
import { verdictOf, type Verdict } from './verdict.ts'

/** A change of one limit. */
export interface LimitChange extends ParticularLimit {
  /** Name of the rule; without one the first that has such a limit. */
  rule?: string
}

/** A rule with its limits as they are now. */
export interface RuleStatus extends Omit<ThrottleRule, 'limitByAction'> {
  /** Limits of single operations and accounts. */
  particular: ParticularLimit[]
}

/** What a throttle is made with. */
export interface ThrottleOptions {
  clock: Clock
  /** In the order in which refusals are told apart; those that are off are left out. */
  rules: readonly ThrottleRule[]
}

/** A limit that was changed. */
export interface ChangedLimit {
  /** Name of the rule. */
  rule: string
  /** Calls a second until now; undefined where there was no limit. */
  before: number | undefined
}

/** What came of the calls of callers who called too long ago to be told one by one. */
export interface ForgottenUsage extends ForgottenCounts {
  /** Name of the rule. */
  rule: string
}

/**
 * Several limits at once. A call is admitted only where every enforced rule admits it, and a call that is refused is
 * counted by none. A decision takes as long whatever the limits are and however many callers there are.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #rules: readonly RuleInForce[]

  /** @throws {RangeError} when a rule has a value that there is not, two have one name, or a limit is none */
  constructor({ clock, rules }: ThrottleOptions) {
    this.#clock = clock
    this.#rules = rules.filter(({ mode }) => mode !== 'off').map((rule) => new RuleInForce(rule))
    const names = new Set(rules.map(({ name }) => name))
    if (names.size < rules.length) throw new RangeError('two rules of the throttle have the same name')
  }

  /** Decides about a call and counts it where it is admitted. */
  admit(caller: ThrottleCaller, action: string): Verdict {
    const now = this.#clock.monotonic()
    const calls: RuleCall[] = []
    for (const rule of this.#rules) {
      const call = rule.look(caller, action, now)
      if (call) calls.push(call)
    }
    return verdictOf(calls, now)
  }

  /** The rules in force, in order, with their limits as they are now. */
  rules(): RuleStatus[] {
    return this.#rules.map(({ rule: { limit: _limit, limitByAction: _limitByAction, ...rule }, limits }) => ({
      ...rule,
      ...(limits.general !== undefined && { limit: limits.general }),
      particular: limits.particular(),
    }))
  }

  /** How the windows of all callers stand, and what came of their calls, rule by rule. */
  usage(): LimitUsage[] {
    const now = this.#clock.monotonic()
    return this.#rules.flatMap((rule) => [...rule.usage(now)])
  }

  /** The same of callers that are not told one by one any more, by rule; none where there are none. */
  forgotten(): ForgottenUsage[] {
    return this.#rules
      .map(({ rule, forgotten }) => ({ rule: rule.name, ...forgotten }))
      .filter(({ callers }) => callers > 0)
  }

  /**
   * Changes a limit for the next call on, and forgets no call.
   *
   * @throws {RangeError} when there is no such rule, it has no such limit, or the number is none; nothing is changed then
   */
  setLimit({ rule, ...limit }: LimitChange): ChangedLimit {
    const inForce = this.#ruleFor(rule, limit)
    return { rule: inForce.rule.name, before: inForce.limits.set(limit) }
  }

  /** Goes back to the limits it was made with, and forgets no call. */
  resetLimits(): void {
    for (const { limits } of this.#rules) limits.reset()
  }

  /** Forgets every caller, and every change of a limit. */
  reset(): void {
    for (const rule of this.#rules) rule.reset()
  }

  /** How many windows are held. */
  get size(): number {
    return this.#rules.reduce((sum, { size }) => sum + size, 0)
  }

  #ruleFor(name: string | undefined, { action }: ParticularLimit): RuleInForce {
    const names = this.#rules.map(({ rule }) => rule.name)
    const found =
      name === undefined
        ? this.#rules.find(({ rule }) => action === undefined || rule.per === 'operation')
        : this.#rules.find(({ rule }) => rule.name === name)
    if (found) return found
    const which = name === undefined ? 'rule has limits of single operations' : `rule is named ${name}`
    throw new RangeError(`no ${which}; there are ${names.join(', ') || 'none'}`)
  }
}
