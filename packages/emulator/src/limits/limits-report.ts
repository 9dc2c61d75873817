import { callsRule, operations, sourceIpRule, type ControlPlane, type LimitUsage } from '@apsaramq/control-plane'
import type { AssumptionId, Confidence } from '@apsaramq/model'
import type { AssumptionLedger } from '../assumption-ledger.ts'

/** What the throttle tells of itself. */
export type Limits = ReturnType<ControlPlane['limits']>

type RuleStatus = Limits['rules'][number]

/** Where a number comes from: a page, an assumption by its id, or the options, the seed or a change. */
export type Origin = 'documented' | 'set' | AssumptionId

/** A rule with what stands behind it. */
export interface RuleReport extends Omit<RuleStatus, 'limit' | 'particular' | 'restsOn'> {
  /** Calls a second of whom no particular limit is about; null where there is none. */
  limit: number | null
  origin: Origin | null
  /** Limits of single operations and accounts. */
  particular: { perSecond: number; action: string | null; accountId: string | null; origin: Origin }[]
  /** What no page says of it. */
  assumptions: { id: AssumptionId; confidence: Confidence; says: string }[]
}

/** A window, or what is remembered of one that is empty. */
export interface UsageReport extends Omit<LimitUsage, 'action'> {
  /** Null where all operations share it. */
  action: string | null
}

/** What `GET /limits` answers. */
export interface LimitsReport {
  rules: RuleReport[]
  /** The most refused first, then the most allowed. */
  usage: UsageReport[]
  /** Rows that were asked for and found no room. */
  more: number
  /** What came of the calls of callers that are remembered no longer, by rule. */
  forgotten: Limits['forgotten']
  /** Since when calls are counted: the start or the last reset, wall-clock milliseconds. */
  since: number
}

/** Which rows of the usage are asked for. */
export interface UsageFilter {
  rule?: string
  action?: string
  accountId?: string
  /** Rows at most. */
  limit: number
}

/** What every rule rests on: the algorithm, what counts, how a refusal is answered. */
const ofEveryRule: readonly AssumptionId[] = ['A-05', 'A-06', 'A-25']

const documentedOfRule: Readonly<Record<string, number>> = { [callsRule]: 500, [sourceIpRule]: 300 }

function originOf(rule: string, perSecond: number, action: string | undefined, accountId: string | undefined): Origin {
  if (accountId !== undefined) return 'set'
  if (action === undefined) return documentedOfRule[rule] === perSecond ? 'documented' : 'set'
  const quota = operations.find((operation) => operation.action === action)?.quota
  return quota?.perSecond === perSecond ? (quota.assumed ?? 'documented') : 'set'
}

/** A rule as it is in force, and what stands behind it. */
export function ruleReport(status: RuleStatus, ledger: Pick<AssumptionLedger, 'entries'>): RuleReport {
  const { limit, particular, restsOn = [], ...rule } = status
  const ids = [...ofEveryRule, ...restsOn]
  const known = ledger.entries().filter(({ id }) => ids.includes(id))
  return {
    ...rule,
    limit: limit ?? null,
    origin: limit === undefined ? null : originOf(rule.name, limit, undefined, undefined),
    particular: particular.map(({ perSecond, action, accountId }) => ({
      perSecond,
      action: action ?? null,
      accountId: accountId ?? null,
      origin: originOf(rule.name, perSecond, action, accountId),
    })),
    assumptions: known.map(({ id, confidence, says }) => ({ id, confidence, says })),
  }
}

function isAsked(row: LimitUsage, { rule, action, accountId }: UsageFilter): boolean {
  return (
    (rule === undefined || row.rule === rule) &&
    (action === undefined || row.action === action) &&
    (accountId === undefined || row.accountId === accountId)
  )
}

/** The rules in force, and how the windows of their callers stand. */
export function limitsReport(
  { rules, usage, forgotten }: Limits,
  { filter, ledger, since }: { filter: UsageFilter; ledger: Pick<AssumptionLedger, 'entries'>; since: number },
): LimitsReport {
  const rows = [...usage]
    .filter((row) => isAsked(row, filter))
    .sort((one, other) => other.refused - one.refused || other.allowed - one.allowed)
    .map((row) => ({ ...row, action: row.action ?? null }))
  return {
    rules: rules.map((rule) => ruleReport(rule, ledger)),
    usage: rows.slice(0, filter.limit),
    more: Math.max(0, rows.length - filter.limit),
    forgotten,
    since,
  }
}
