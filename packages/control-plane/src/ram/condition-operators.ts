import { parseAddressBlock } from './address-block.ts'
import type { KeyValue, ValueFamily } from './condition-keys.ts'
import { parseMoment } from './moment.ts'
import { matchesWildcard } from './wildcard.ts'

/** Whether the value of a request is the wanted one; undefined where the request has none that can be read so. */
export type Comparison = (actual: KeyValue) => boolean | undefined

/** An operator of a condition. */
export interface ConditionOperator {
  family: ValueFamily
  /** Holds where none of the values does. */
  negated: boolean
  /** How a value is written, for whoever has written another. */
  expects: string
  /** Undefined where the value of the policy cannot be read. */
  compare(wanted: string): Comparison | undefined
}

/** An operator over a family: how the wanted value is read, and when the actual one is it. */
function operator<F extends ValueFamily, W>(
  family: F,
  expects: string,
  read: (text: string) => W | undefined,
  holds: (actual: NonNullable<KeyValue[F]>, wanted: W) => boolean,
): ConditionOperator {
  return {
    family,
    negated: false,
    expects,
    compare(text) {
      const wanted = read(text)
      if (wanted === undefined) return undefined
      return (value) => {
        const actual = value[family]
        return actual === undefined ? undefined : holds(actual, wanted)
      }
    },
  }
}

const not = (one: ConditionOperator): ConditionOperator => ({ ...one, negated: true })

type OrderTest = (actual: number, wanted: number) => boolean

const isSame: OrderTest = (actual, wanted) => actual === wanted

const orders: readonly (readonly [string, OrderTest])[] = [
  ['Equals', isSame],
  ['LessThan', (actual, wanted) => actual < wanted],
  ['LessThanEquals', (actual, wanted) => actual <= wanted],
  ['GreaterThan', (actual, wanted) => actual > wanted],
  ['GreaterThanEquals', (actual, wanted) => actual >= wanted],
]

/** `…Equals` to `…GreaterThanEquals`, and `…NotEquals`. */
function ordered(name: string, make: (test: OrderTest) => ConditionOperator): [string, ConditionOperator][] {
  return [
    ...orders.map(([end, test]): [string, ConditionOperator] => [`${name}${end}`, make(test)]),
    [`${name}NotEquals`, not(make(isSame))],
  ]
}

const anyText = (text: string) => text
const numberText = /^-?\d{1,15}(\.\d{1,9})?$/
const readNumber = (text: string) => (numberText.test(text) ? Number(text) : undefined)
const readTruth = (text: string) => (text === 'true' || text === 'false' ? text : undefined)

const equals = operator('string', 'a text', anyText, (actual, wanted) => actual === wanted)
const like = operator('string', 'a text', anyText, (actual, wanted) => matchesWildcard(wanted, actual))
const equalsIgnoreCase = operator(
  'string',
  'a text',
  (text) => text.toLowerCase(),
  (actual, wanted) => actual.toLowerCase() === wanted,
)
const inBlock = operator('ip', 'an address or a CIDR block', parseAddressBlock, (actual, lies) => lies(actual))

/** Every operator (RAM, conditional operators). A Map, since the names in a policy are anyone's. */
export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map([
  ['StringEquals', equals],
  ['StringNotEquals', not(equals)],
  ['StringEqualsIgnoreCase', equalsIgnoreCase],
  ['StringNotEqualsIgnoreCase', not(equalsIgnoreCase)],
  ['StringLike', like],
  ['StringNotLike', not(like)],
  ...ordered('Numeric', (test) => operator('numeric', 'a number', readNumber, test)),
  ...ordered('Date', (test) => operator('date', 'a time as 2026-01-01T00:00:00Z or …+08:00', parseMoment, test)),
  ['Bool', operator('bool', 'true or false', readTruth, (actual, wanted) => actual === wanted)],
  ['IpAddress', inBlock],
  ['NotIpAddress', not(inBlock)],
])
