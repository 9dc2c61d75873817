import type { Instance, PolicyDocument, TouchAssumption } from '@apsaramq/model'
import { isAbout, patterns, restsOnLetters, statementsOf, type Asked, type Comparison } from './compiled-statement.ts'
import type { RequestFacts } from './condition-keys.ts'
import type { UnmetClause } from './conditions.ts'

/** Why a caller may or may not: an explicit Deny wins, then an Allow; without either nothing is allowed. */
export type RamVerdict = 'allowed' | 'denied' | 'not-allowed'

/** A policy and where it comes from. */
export interface PolicySource {
  /** For example "policy 1 of RAM user reader". */
  name: string
  document: PolicyDocument
}

/** Policies that count together: those of a user and its groups, those of a role, or the one of a session. */
export interface PolicySet {
  kind: 'policy' | 'session policy'
  policies: readonly PolicySource[]
}

/** What policies are asked. */
export interface RamQuestion {
  action: string
  /** Spellings of the one resource; a statement that names any of them is about it. */
  resources: readonly string[]
  facts: RequestFacts
  assume: TouchAssumption
}

/** A statement that had a say, and what of its condition did not hold. */
export interface DecidingStatement {
  policy: string
  /** From 1. */
  statement: number
  unmet: UnmetClause | undefined
}

/** How policies decide. */
export interface RamJudgment {
  verdict: RamVerdict
  /** Of which set it is the verdict. */
  set: PolicySet['kind'] | undefined
  /** The statement that denies; where nothing allows, one that would but for its condition. */
  by: DecidingStatement | undefined
}

/** The two documented spellings of what lies in a region of an account: the pages of the operations', and the RAM page's. */
function spellings(regionId: string, accountId: string, name: string): string[] {
  const prefix = `acs:mq:${regionId}:${accountId}:`
  return [`${prefix}${name}`, `${prefix}instance/${name}`]
}

/** The resource of an operation on an instance. */
export function instanceResources({ regionId, accountId, id }: Pick<Instance, 'regionId' | 'accountId' | 'id'>) {
  return spellings(regionId, accountId, id)
}

/** The resource of an operation on all instances: only a policy that names all of them is about it. LIMITS A-52 */
export function allInstancesResources(regionId: string, accountId: string): string[] {
  return spellings(regionId, accountId, '*')
}

const chosen: Comparison = { action: 'folded', resource: 'asWritten' } // LIMITS A-32

const others: readonly Comparison[] = [
  { action: 'asWritten', resource: 'asWritten' },
  { action: 'asWritten', resource: 'folded' },
  { action: 'folded', resource: 'folded' },
]

/** Judges one set. What cannot be judged denies: such an Allow does not count, such a Deny does. */
function judgeSet({ kind: set, policies }: PolicySet, asked: Asked, by: Comparison): RamJudgment {
  let isAllowed = false
  let nearly: DecidingStatement | undefined
  for (const { name: policy, document } of policies) {
    for (const [at, statement] of statementsOf(document).entries()) {
      if (!isAbout(statement, asked, by)) continue
      const unmet = statement.unmet(asked.facts)
      for (const id of statement.restsOn) asked.assume(id, policy)
      const deciding = { policy, statement: at + 1, unmet }
      if (statement.effect === 'Allow') {
        if (unmet === undefined) isAllowed = true
        else nearly ??= deciding
      } else if (unmet?.actual === undefined) return { verdict: 'denied', set, by: deciding }
    }
  }
  return isAllowed ? { verdict: 'allowed', set, by: undefined } : { verdict: 'not-allowed', set, by: nearly }
}

function judgeSets(sets: readonly PolicySet[], asked: Asked, by: Comparison): RamJudgment {
  const judgments = sets.map((set) => judgeSet(set, asked, by))
  return (
    judgments.find(({ verdict }) => verdict === 'denied') ??
    judgments.find(({ verdict }) => verdict === 'not-allowed') ?? { verdict: 'allowed', set: undefined, by: undefined }
  )
}

const ask = ({ action, resources, facts, assume }: RamQuestion): Asked => ({
  action: patterns(action),
  resources: patterns(resources),
  facts,
  assume,
})

/**
 * Judges an action (RAM, policy evaluation).
 *
 * @param sets each of them must allow it, and none deny it; without any everything is allowed
 */
export function judgePolicies(sets: readonly PolicySet[], question: RamQuestion): RamJudgment {
  return judgeSets(sets, ask(question), chosen)
}

/** Whether the action would be allowed and is not, or the other way round, were letter case regarded elsewhere. */
export function restsOnCase(sets: readonly PolicySet[], question: RamQuestion): boolean {
  const asked = { ...ask(question), assume: () => undefined } // nothing is decided here
  const statements = sets.flatMap(({ policies }) => policies.flatMap(({ document }) => statementsOf(document)))
  const isCaseSeen = statements.some((statement) => restsOnLetters(statement, asked))
  if (!isCaseSeen) return false
  const isAllowed = (by: Comparison) => judgeSets(sets, asked, by).verdict === 'allowed'
  const outcome = isAllowed(chosen)
  return others.some((by) => isAllowed(by) !== outcome)
}
