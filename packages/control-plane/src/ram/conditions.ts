import type { AssumptionId, PolicyConditions } from '@apsaramq/model'
import { conditionKeys, type RequestFacts } from './condition-keys.ts'
import { conditionOperators } from './condition-operators.ts'

/** A clause of a condition block that does not hold, or cannot be judged. */
export interface UnmetClause {
  operator: string
  key: string
  /** What the request has there; undefined where the clause cannot be judged. */
  actual: string | undefined
}

/** Judges a condition block; undefined where all of it holds. A clause that fails says more than one that is unclear. */
export type ConditionTest = (facts: RequestFacts) => UnmetClause | undefined

interface Clause {
  operator: string
  key: string
  /** Undefined where it cannot be judged. */
  holds(facts: RequestFacts): boolean | undefined
}

const list = (value: string | string[]) => (typeof value === 'string' ? [value] : value)

/** Several values of a key are alternatives; a negated operator holds where none of them does. LIMITS A-50 */
function compileClause(operatorName: string, keyName: string, values: string[]): Clause['holds'] {
  const operator = conditionOperators.get(operatorName)
  const key = conditionKeys.get(keyName)
  const comparisons = values.map((value) => operator?.compare(value))
  if (!operator || !key) return () => undefined
  return (facts) => {
    const actual = key.valueOf(facts)
    const outcomes = comparisons.map((compare) => compare?.(actual))
    if (outcomes.includes(undefined)) return undefined
    return outcomes.includes(true) !== operator.negated
  }
}

/** What the judgment of a condition block rests on, beside what is documented. */
export function conditionAssumptions(conditions: PolicyConditions = {}): AssumptionId[] {
  const clauses = Object.entries(conditions).flatMap(([operatorName, keys]) => {
    const operator = conditionOperators.get(operatorName)
    return Object.entries(keys).map(([key, values]) => ({ key, values, operator }))
  })
  const isChoice = clauses.some(
    ({ values, operator }) => (operator?.negated && list(values).length > 1) || operator?.family === 'numeric',
  )
  const asksMfa = clauses.some(({ key }) => key === 'acs:MFAPresent')
  return [...(isChoice ? (['A-50'] as const) : []), ...(asksMfa ? (['A-51'] as const) : [])]
}

/** Compiles a condition block: all keys of all operators must hold. */
export function compileConditions(conditions: PolicyConditions = {}): ConditionTest {
  const clauses: Clause[] = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({
      operator,
      key,
      holds: compileClause(operator, key, list(values)),
    })),
  )
  return (facts) => {
    let unclear: UnmetClause | undefined
    for (const { operator, key, holds } of clauses) {
      const outcome = holds(facts)
      if (outcome === false) return { operator, key, actual: conditionKeys.get(key)?.valueOf(facts).string }
      if (outcome === undefined) unclear ??= { operator, key, actual: undefined }
    }
    return unclear
  }
}
