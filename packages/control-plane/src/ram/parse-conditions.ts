import type { PolicyConditions } from '@apsaramq/model'
import { conditionKeys } from './condition-keys.ts'
import { conditionOperators, type ConditionOperator } from './condition-operators.ts'
import { PolicyError } from './policy-error.ts'

function entriesOf(input: unknown, path: string): [string, unknown][] {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new PolicyError(path, 'is not an object')
  const entries = Object.entries(input)
  if (entries.length === 0) throw new PolicyError(path, 'is empty')
  return entries
}

const quoted = (name: string) => name.slice(0, 64)

/** A value as text: JSON has booleans and numbers, too. */
function valueText(input: unknown, path: string, { compare, expects }: ConditionOperator): string {
  const isScalar = typeof input === 'string' || typeof input === 'number' || typeof input === 'boolean'
  if (isScalar && compare(String(input)) !== undefined) return String(input)
  throw new PolicyError(path, `is not ${expects}`)
}

function parseValues(input: unknown, path: string, operator: ConditionOperator): string | string[] {
  if (!Array.isArray(input)) return valueText(input, path, operator)
  if (input.length === 0) throw new PolicyError(path, 'is empty')
  return input.map((value, at) => valueText(value, `${path}[${at}]`, operator))
}

function checkKey(name: string, path: string, { family }: ConditionOperator): void {
  const key = conditionKeys.get(name)
  if (!key)
    throw new PolicyError(path, `is no condition key of this API: there are ${[...conditionKeys.keys()].join(', ')}`)
  if (key.families.includes(family)) return
  throw new PolicyError(path, `cannot be read by this operator: use one for ${key.families.join(' or ')}`)
}

/**
 * Checks a condition block.
 *
 * @param isJudged false for a statement about other services, whose keys are not known here and never asked
 * @throws {PolicyError}
 */
export function parseConditions(input: unknown, path: string, isJudged: boolean): PolicyConditions {
  const operators = entriesOf(input, path).map(([name, keys]) => {
    const operator = conditionOperators.get(name)
    const at = `${path}.${quoted(name)}`
    if (!operator) throw new PolicyError(at, `is no operator: there are ${[...conditionOperators.keys()].join(', ')}`)
    return [name, parseKeys(keys, at, operator, isJudged)] as const
  })
  return Object.fromEntries(operators)
}

function parseKeys(input: unknown, path: string, operator: ConditionOperator, isJudged: boolean) {
  const keys = entriesOf(input, path).map(([name, values]) => {
    const at = `${path}.${quoted(name)}`
    if (isJudged) checkKey(name, at, operator)
    return [name, parseValues(values, at, operator)] as const
  })
  return Object.fromEntries(keys)
}
