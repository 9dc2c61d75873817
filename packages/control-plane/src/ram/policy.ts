import type { Instance, PolicyDocument, PolicyStatement } from '@apsaramq/model'
import { matchesWildcard } from './wildcard.ts'

/** Why a RAM user may or may not: an explicit Deny wins, then an Allow; without either nothing is allowed. */
export type RamVerdict = 'allowed' | 'denied' | 'not-allowed'

/** The two documented spellings of an instance: the pages of the operations', and the RAM page's. */
export function instanceResources(instance: Pick<Instance, 'regionId' | 'accountId' | 'id'>): string[] {
  const prefix = `acs:mq:${instance.regionId}:${instance.accountId}:`
  return [`${prefix}${instance.id}`, `${prefix}instance/${instance.id}`]
}

const list = (value: string | string[]) => (typeof value === 'string' ? [value] : value)

function covers(statement: PolicyStatement, action: string, resources: readonly string[]): boolean {
  const lowerCase = action.toLowerCase() // LIMITS A-32
  return (
    list(statement.Action).some((pattern) => matchesWildcard(pattern.toLowerCase(), lowerCase)) &&
    list(statement.Resource).some((pattern) => resources.some((resource) => matchesWildcard(pattern, resource)))
  )
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
  let verdict: RamVerdict = 'not-allowed'
  for (const policy of policies) {
    for (const statement of policy.Statement) {
      if (!covers(statement, action, resources)) continue
      if (statement.Effect === 'Deny') return 'denied'
      verdict = 'allowed'
    }
  }
  return verdict
}
