import type { RuleCall, RuleDecision } from './rule-in-force.ts'

/** What the rules together say of a call. */
export interface Verdict {
  admitted: boolean
  /** Of every rule the call was asked by, in their order. */
  decisions: readonly RuleDecision[]
  /**
   * The decision that counts for the caller: of a refusal the one with the longest wait, so that who waits as long is
   * admitted by all; else the enforced one with the fewest calls left, and of those the one with the longest wait.
   * Undefined where no rule is enforced.
   */
  decisive: RuleDecision | undefined
  /** Name of the rule that refused. */
  refusedBy?: string
  /** Names of the rules that would have refused the call, were they enforced. */
  warnedBy: readonly string[]
}

const none: readonly string[] = Object.freeze([])

/** Counts a call where every enforced rule takes it, else nowhere, and tells what each rule says. */
export function verdictOf(calls: readonly RuleCall[], now: number): Verdict {
  const admitted = calls.every(({ takes, inForce }) => takes || inForce.rule.mode !== 'enforce')
  const decisions = calls.map((call) => settle(call, admitted, now))
  const decisive = decisions.filter(({ rule }) => rule.mode === 'enforce').reduce(moreDecisive, undefined)
  const warned = decisions.filter(({ rule, admitted: within }) => !within && rule.mode === 'warn')
  const warnedBy = warned.length === 0 ? none : warned.map(({ rule }) => rule.name)
  return { admitted, decisions, decisive, warnedBy, ...(!admitted && decisive && { refusedBy: decisive.rule.name }) }
}

/** A rule that only warns counts what it would have admitted: so it warns of each call that it would refuse, enforced. */
function settle({ inForce, counted, limit, takes }: RuleCall, admitted: boolean, now: number): RuleDecision {
  const { window } = counted
  if (admitted && takes) window.count(now, limit)
  if (takes && admitted) counted.allowed += 1
  else if (!takes) counted.refused += 1
  return { rule: inForce.rule, admitted: takes, limit, ...window.standing(now, limit) }
}

function moreDecisive(best: RuleDecision | undefined, one: RuleDecision): RuleDecision {
  if (!best) return one
  if (best.admitted !== one.admitted) return best.admitted ? one : best
  if (best.remaining !== one.remaining) return one.remaining < best.remaining ? one : best
  return one.retryAfterMs > best.retryAfterMs ? one : best
}
