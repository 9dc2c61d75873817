import type { ControlPlane, LimitUsage } from '@apsaramq/control-plane'

/** Label values and a number. */
export interface Sample {
  labels: readonly string[]
  count: number
}

type Limits = ReturnType<ControlPlane['limits']>

/** Series of calls at most; what comes after them, in the order of their accounts, is `other`. */
const defaultMaxSeries = 1_000

const other = 'other'

/** The label values of {@link throttledCalls}. */
export const callLabels = ['rule', 'account', 'action', 'outcome']

/** The label values of {@link limitsInForce}. */
export const limitLabels = ['rule', 'account', 'action']

/** A source address has no account, and where all operations share a window it is of none. */
function labelsOf({ rule, scope, accountId, action = '' }: LimitUsage): [string, string, string] {
  return [rule, scope === 'ip' ? '' : accountId, action]
}

function add(series: Map<string, Sample>, labels: readonly string[], count: number): void {
  if (count === 0) return
  const key = JSON.stringify(labels)
  series.set(key, { labels, count: (series.get(key)?.count ?? 0) + count })
}

function inOrderOfAccounts(one: Sample, another: Sample): number {
  const keys = [one, another].map(({ labels: [rule, account, action] }) => `${account}/${action}/${rule}`)
  return keys[0]! < keys[1]! ? -1 : 1
}

/** Adds the series up to the last that has room, and then what is left as that of others. */
function bounded(samples: Iterable<Sample>, maxSeries: number): Map<string, Sample> {
  const series = new Map<string, Sample>()
  for (const { labels, count } of [...samples].sort(inOrderOfAccounts)) {
    const [rule, , , outcome] = labels
    add(series, series.size < maxSeries ? labels : [rule!, other, other, outcome!], count)
  }
  return series
}

/** Calls that were allowed, refused or, by a rule that does not refuse, warned of; sums are true whoever was forgotten. */
export function throttledCalls({ rules, usage, forgotten }: Limits, maxSeries = defaultMaxSeries): Iterable<Sample> {
  const above = new Map(rules.map(({ name, mode }) => [name, mode === 'enforce' ? 'refused' : 'warned']))
  const series = new Map<string, Sample>()
  for (const row of usage) {
    add(series, [...labelsOf(row), 'allowed'], row.allowed)
    add(series, [...labelsOf(row), above.get(row.rule)!], row.refused)
  }
  const told = bounded(series.values(), maxSeries)
  for (const { rule, allowed, refused } of forgotten) {
    add(told, [rule, other, other, 'allowed'], allowed)
    add(told, [rule, other, other, above.get(rule)!], refused)
  }
  return told.values()
}

/** Every limit in force, in calls a second; of no account or operation in particular where the label is empty. */
export function limitsInForce({ rules }: Limits): Sample[] {
  return rules.flatMap(({ name, limit, particular }) => [
    ...(limit === undefined ? [] : [{ labels: [name, '', ''], count: limit }]),
    ...particular.map(({ accountId = '', action = '', perSecond }) => ({
      labels: [name, accountId, action],
      count: perSecond,
    })),
  ])
}
