import type { PolicyDocument, PolicyStatement } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { parsePolicy } from './parse-policy.ts'
import { instanceResources, judgePolicies, type PolicySet, type RamVerdict } from './policy.ts'

const next = seededNumbers(20_261_124)
const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!
const some = <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(next() * (most + 1)) }, make)

const resources = instanceResources({ regionId: 'cn-hangzhou', accountId: '1', id: 'post-1' })
const facts = { remoteAddress: '::ffff:10.0.0.1', secure: true, now: 0 }
const actions = ['*', 'mq:*', 'mq:Get*', 'MQ:GETREGISTERCODE', 'mq:List*', 'ecs:*', 'mq:?etRegisterCode']
const names = ['*', 'acs:mq:*:*:post-1', 'acs:mq:*:*:instance/post-?', 'acs:mq:*:*:post-2', 'acs:mq:cn-beijing:*:*']
const conditions = [
  undefined,
  { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '::1'] } },
  { NotIpAddress: { 'acs:SourceIp': '10.0.0.0/8' } },
  { Bool: { 'acs:SecureTransport': 'true' }, DateLessThan: { 'acs:CurrentTime': '1970-01-02T00:00:00Z' } },
  { StringNotLike: { 'acs:SourceIp': ['10.*', '11.*'] } },
]

function anyStatement(Effect: 'Allow' | 'Deny' = pick(['Allow', 'Allow', 'Deny'])): PolicyStatement {
  const named = [pick(actions), ...some(1, () => pick(actions))]
  const Condition = pick(conditions)
  const about = next() < 0.2 ? { NotAction: named } : { Action: named }
  return { Effect, ...about, Resource: pick(names), ...(Condition && { Condition }) }
}

const anyPolicy = (): PolicyDocument =>
  parsePolicy({ Version: '1', Statement: [anyStatement(), ...some(2, () => anyStatement())] })

const anySets = () => some(2, () => some(3, anyPolicy))

const setOf = (documents: PolicyDocument[]): PolicySet => ({
  kind: 'policy',
  policies: documents.map((document) => ({ name: 'x', document })),
})

function verdictOf(sets: PolicyDocument[][]): RamVerdict {
  const question = { action: 'mq:GetRegisterCode', resources, facts, assume: () => undefined }
  return judgePolicies(sets.map(setOf), question).verdict
}

function shuffled<T>(values: readonly T[]): T[] {
  const order = values.map((value) => ({ value, at: next() })).sort((one, other) => one.at - other.at)
  return order.map(({ value }) => value)
}

const reordered = (sets: PolicyDocument[][]) =>
  shuffled(sets).map((set) =>
    shuffled(set).map((document) => ({ ...document, Statement: shuffled(document.Statement) })),
  )

test('B6: an explicit Deny anywhere wins, and neither the order of sets, policies nor statements matters', () => {
  const seen = new Set<RamVerdict>()
  const denyAll = parsePolicy({ Version: '1', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] })
  for (let round = 0; round < 1000; round += 1) {
    const sets = anySets()
    const verdict = verdictOf(sets)
    seen.add(verdict)
    expect(verdictOf(reordered(sets))).toBe(verdict)
    const at = Math.floor(next() * (sets.length + 1))
    const denied = [...sets.slice(0, at), [...(sets[at] ?? []), denyAll], ...sets.slice(at + 1)]
    expect(verdictOf(reordered(denied))).toBe('denied')
  }
  expect([...seen].sort()).toEqual(['allowed', 'denied', 'not-allowed'])
})

test('B6: one more Allow never takes away, one more Deny never gives', () => {
  const rank: Record<RamVerdict, number> = { denied: 0, 'not-allowed': 1, allowed: 2 }
  for (let round = 0; round < 1000; round += 1) {
    const set = some(3, anyPolicy)
    const withOne = (effect: 'Allow' | 'Deny') =>
      rank[verdictOf([[...set, parsePolicy({ Version: '1', Statement: [anyStatement(effect)] })]])]
    const before = rank[verdictOf([set])]
    expect(withOne('Allow')).toBeGreaterThanOrEqual(before)
    expect(withOne('Deny')).toBeLessThanOrEqual(before)
  }
})
