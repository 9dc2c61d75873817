import type { PolicyConditions } from '@apsaramq/model'
import { expect, test } from 'vitest'
import type { RequestFacts } from './condition-keys.ts'
import { compileConditions, conditionAssumptions } from './conditions.ts'

const facts: RequestFacts = { remoteAddress: '10.1.2.3', secure: true, now: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }
const unixSeconds = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000

const source = (operator: string, value: string | string[]) => ({ [operator]: { 'acs:SourceIp': value } })
const secure = (operator: string, value: string | string[]) => ({ [operator]: { 'acs:SecureTransport': value } })
const time = (operator: string, value: string | string[]) => ({ [operator]: { 'acs:CurrentTime': value } })

test.each([
  [source('StringEquals', '10.1.2.3'), true],
  [source('StringEquals', '10.1.2.4'), false],
  [source('StringNotEquals', '10.1.2.4'), true],
  [source('StringNotEquals', '10.1.2.3'), false],
  [source('StringLike', '10.1.*'), true],
  [source('StringLike', '10.?.2.3'), true],
  [source('StringLike', '11.*'), false],
  [source('StringNotLike', '11.*'), true],
  [source('StringNotLike', '10.*'), false],
  [secure('StringEquals', 'TRUE'), false],
  [secure('StringEqualsIgnoreCase', 'TRUE'), true],
  [secure('StringEqualsIgnoreCase', 'no'), false],
  [secure('StringNotEqualsIgnoreCase', 'TRUE'), false],
  [secure('StringNotEqualsIgnoreCase', 'no'), true],
  [secure('Bool', 'true'), true],
  [secure('Bool', 'false'), false],
  [{ Bool: { 'acs:MFAPresent': 'false' } }, true],
  [{ Bool: { 'acs:MFAPresent': 'true' } }, false],
  [time('StringEquals', '2026-01-02T03:04:05Z'), true],
  [time('DateEquals', '2026-01-02T03:04:05Z'), true],
  [time('DateEquals', '2026-01-02T11:04:05+08:00'), true],
  [time('DateEquals', '2026-01-02T03:04:06Z'), false],
  [time('DateNotEquals', '2026-01-02T03:04:06Z'), true],
  [time('DateNotEquals', '2026-01-02T03:04:05Z'), false],
  [time('DateLessThan', '2026-01-02T03:04:06Z'), true],
  [time('DateLessThan', '2026-01-02T03:04:05Z'), false],
  [time('DateLessThanEquals', '2026-01-02T03:04:05Z'), true],
  [time('DateLessThanEquals', '2026-01-02T03:04:04Z'), false],
  [time('DateGreaterThan', '2026-01-02T03:04:04Z'), true],
  [time('DateGreaterThan', '2026-01-02T03:04:05Z'), false],
  [time('DateGreaterThanEquals', '2026-01-02T03:04:05Z'), true],
  [time('DateGreaterThanEquals', '2026-01-01T20:04:06-07:00'), false],
  [time('NumericEquals', String(unixSeconds)), true],
  [time('NumericEquals', String(unixSeconds + 0.5)), false],
  [time('NumericNotEquals', String(unixSeconds)), false],
  [time('NumericNotEquals', '-1'), true],
  [time('NumericLessThan', String(unixSeconds + 1)), true],
  [time('NumericLessThan', String(unixSeconds)), false],
  [time('NumericLessThanEquals', String(unixSeconds)), true],
  [time('NumericLessThanEquals', String(unixSeconds - 1)), false],
  [time('NumericGreaterThan', String(unixSeconds - 1)), true],
  [time('NumericGreaterThan', String(unixSeconds)), false],
  [time('NumericGreaterThanEquals', String(unixSeconds)), true],
  [time('NumericGreaterThanEquals', String(unixSeconds + 1)), false],
  [source('IpAddress', '10.0.0.0/8'), true],
  [source('IpAddress', '10.1.2.4'), false],
  [source('NotIpAddress', '10.0.0.0/8'), false],
  [source('NotIpAddress', '192.168.0.0/16'), true],
] as [PolicyConditions, boolean][])('B6: %j holds: %j', (conditions, holds) => {
  expect(compileConditions(conditions)(facts) === undefined).toBe(holds)
})

test.each([
  ['several values are alternatives', source('IpAddress', ['192.168.0.0/16', '10.1.2.3']), true],
  ['none of them is a failure', source('IpAddress', ['192.168.0.0/16', '10.1.2.4']), false],
  ['a negated operator wants none of its values', source('StringNotEquals', ['x', '10.1.2.3']), false],
  ['and holds where there is none', source('NotIpAddress', ['11.0.0.0/8', '12.0.0.0/8']), true],
  ['all operators must hold', { ...source('IpAddress', '10.0.0.0/8'), ...secure('Bool', 'false') }, false],
  ['and all do', { ...source('IpAddress', '10.0.0.0/8'), ...secure('Bool', 'true') }, true],
  ['all keys must hold', { Bool: { 'acs:SecureTransport': 'true', 'acs:MFAPresent': 'true' } }, false],
  ['and all do, of one operator', { Bool: { 'acs:SecureTransport': 'true', 'acs:MFAPresent': 'false' } }, true],
  ['no condition holds always', {}, true],
] as [string, PolicyConditions, boolean][])('B6: %s', (_title, conditions, holds) => {
  expect(compileConditions(conditions)(facts) === undefined).toBe(holds)
})

const failing = { operator: 'Bool', key: 'acs:SecureTransport', actual: 'true' }

test.each([
  ['an unknown operator', source('BinaryEquals', 'x')],
  ['an unknown key', { StringEquals: { 'acs:SourceVpc': 'vpc-1' } }],
  ['a key that the operator cannot read', secure('NumericEquals', '1')],
  ['a value that cannot be read', time('DateLessThan', 'tomorrow')],
  ['one such value among others', source('IpAddress', ['10.0.0.0/8', 'home'])],
  ['a name that objects have', { StringEquals: { constructor: 'x' } }],
] as [string, PolicyConditions][])(
  'B6: %s cannot be judged, and a clause that fails says more',
  (_title, conditions) => {
    const [operator, keys] = Object.entries(conditions)[0]!
    const unclear = { operator, key: Object.keys(keys)[0], actual: undefined }
    expect(compileConditions(conditions)(facts)).toEqual(unclear)
    expect(compileConditions({ ...conditions, ...secure('Bool', 'true') })(facts)).toEqual(unclear)
    expect(compileConditions({ ...conditions, ...secure('Bool', 'false') })(facts)).toEqual(failing)
    expect(compileConditions({ ...secure('Bool', 'false'), ...conditions })(facts)).toEqual(failing)
  },
)

test('a socket without an address is in no block, and outside of none', () => {
  const nowhere = { ...facts, remoteAddress: '' }
  for (const operator of ['IpAddress', 'NotIpAddress']) {
    expect(compileConditions(source(operator, '0.0.0.0/0'))(nowhere)).toEqual({
      operator,
      key: 'acs:SourceIp',
      actual: undefined,
    })
  }
})

test('what was chosen where the pages are silent is counted', () => {
  expect(conditionAssumptions(source('IpAddress', ['10.0.0.0/8', '::1']))).toEqual([])
  expect(conditionAssumptions(source('NotIpAddress', '10.0.0.0/8'))).toEqual([])
  expect(conditionAssumptions(source('NotIpAddress', ['10.0.0.0/8', '::1']))).toEqual(['A-50'])
  expect(conditionAssumptions(time('NumericEquals', '1'))).toEqual(['A-50'])
  expect(conditionAssumptions({ Bool: { 'acs:MFAPresent': 'false' } })).toEqual(['A-51'])
})
