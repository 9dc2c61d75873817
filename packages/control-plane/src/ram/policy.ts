import type { Instance, PolicyDocument } from '@apsaramq/model'
import { matchesWildcard } from './wildcard.ts'

/** Why a RAM user may or may not: an explicit Deny wins, then an Allow; without either nothing is allowed. */
export type RamVerdict = 'allowed' | 'denied' | 'not-allowed'

/** The two documented spellings of an instance: the pages of the operations', and the RAM page's. */
export function instanceResources(instance: Pick<Instance, 'regionId' | 'accountId' | 'id'>): string[] {
  const prefix = `acs:mq:${instance.regionId}:${instance.accountId}:`
  return [`${prefix}${instance.id}`, `${prefix}instance/${instance.id}`]
}

const list = (value: string | string[]) => (typeof value === 'string' ? [value] : value)

/** How texts are compared: with regard to case, or without. */
type Fold = (text: string) => string

const asWritten: Fold = (text) => text
const withoutCase: Fold = (text) => text.toLowerCase()

/** Which case counts. */
interface Comparison {
  action: Fold
  resource: Fold
}

const chosen: Comparison = { action: withoutCase, resource: asWritten } // LIMITS A-32

const others: readonly Comparison[] = [
  { action: asWritten, resource: asWritten },
  { action: asWritten, resource: withoutCase },
  { action: withoutCase, resource: withoutCase },
]

function matchesAny(value: string | string[], texts: readonly string[], fold: Fold): boolean {
  const folded = texts.map(fold)
  return list(value).some((pattern) => folded.some((text) => matchesWildcard(fold(pattern), text)))
}

/**
 * Judges an action of a RAM user (RAM, policy evaluation).
 *
 * @param resources spellings of the one resource; a statement that names any of them is about it
 */
export function judgePolicies(
  policies: readonly PolicyDocument[],
  action: string,
  resources: readonly string[],
): RamVerdict {
  return judge(policies, action, resources, chosen)
}

/** Whether the action would be allowed and is not, or the other way round, were letter case regarded elsewhere. */
export function restsOnCase(
  policies: readonly PolicyDocument[],
  action: string,
  resources: readonly string[],
): boolean {
  const isAllowed = (comparison: Comparison) => judge(policies, action, resources, comparison) === 'allowed'
  const outcome = isAllowed(chosen)
  return others.some((comparison) => isAllowed(comparison) !== outcome)
}

function judge(
  policies: readonly PolicyDocument[],
  action: string,
  resources: readonly string[],
  comparison: Comparison,
): RamVerdict {
  let verdict: RamVerdict = 'not-allowed'
  for (const policy of policies) {
    for (const statement of policy.Statement) {
      if (!matchesAny(statement.Action, [action], comparison.action)) continue
      if (!matchesAny(statement.Resource, resources, comparison.resource)) continue
      if (statement.Effect === 'Deny') return 'denied'
      verdict = 'allowed'
    }
  }
  return verdict
}
