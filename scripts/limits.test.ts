import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareLimits, limitsProblems } from './limits.ts'

const table = {
  'A-01': { says: 'x', confidence: 'assumed', setting: 'limit' },
  'A-02': { says: 'y', confidence: 'inferred' },
} as const
const cited = new Map([
  ['A-01', 'a.ts'],
  ['A-02', 'b.ts'],
])
const text = '| A-01 | assumed | `--limit` | a | b |\n| A-02 | inferred | – | a | b |\n'

test('L2: LIMITS.md, the table of assumptions and the ids in the code agree', () => {
  expect(limitsProblems(dirname(import.meta.dirname))).toEqual([])
})

describe('a difference is named', () => {
  test.each([
    ['nothing where all agree', text, table, cited, []],
    ['a row that is missing', text.split('\n')[0]!, table, cited, ['LIMITS.md: has no row for A-02']],
    [
      'a row too many',
      `${text}| A-03 | assumed | – | a | b |`,
      table,
      cited,
      ['LIMITS.md: explains A-03, which the model does not know'],
    ],
    ['a row that stands twice', text + text.split('\n')[0], table, cited, ['LIMITS.md: explains A-01 twice']],
    [
      'another confidence',
      text.replace('inferred', 'assumed'),
      table,
      cited,
      ['LIMITS.md: A-02 has the confidence "assumed", the model says "inferred"'],
    ],
    [
      'another setting',
      text.replace('--limit', '--auth'),
      table,
      cited,
      ['LIMITS.md: A-01 has the setting "auth", the model says "limit"'],
    ],
    [
      'an unknown id in the code',
      text,
      table,
      new Map([...cited, ['A-99', 'c.ts']]),
      ['c.ts: cites A-99, which the model does not know'],
    ],
    [
      'an id that no code cites',
      text,
      table,
      new Map([['A-01', 'a.ts']]),
      ['packages/model/src/assumptions.ts: nothing cites A-02'],
    ],
  ])('%s', (_what, written, known, inCode, problems) => {
    expect(compareLimits(written, known, inCode)).toEqual(problems)
  })
})
