import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { declinedOperations, operations } from '@apsaramq/control-plane'
import { expect, test } from 'vitest'
import { coverageInput, coverageOf, type CoverageInput } from './coverage.ts'
import { errorProblems, provokedErrors, type Provoked } from './documented-errors.ts'
import { errorForms } from './error-forms.ts'
import { staleFiles } from './generated.ts'

const root = dirname(import.meta.dirname)

test('L1: the generated files are what is generated now', () => {
  expect(staleFiles(root)).toEqual([])
})

test('L1: every operation of the API is either served or declined', () => {
  const served = operations.map(({ action }) => action)
  const declined = Object.keys(declinedOperations)
  expect(served.filter((name) => declined.includes(name))).toEqual([])
  expect(new Set([...served, ...declined]).size).toBe(50)
})

test('L1: every error of every operation is provoked by a test that there is, and no other', () => {
  const sourceOf = (file: string) => readFileSync(join(root, file), 'utf8')
  expect(errorProblems(operations, provokedErrors(root), sourceOf)).toEqual([])
})

const served = { action: 'GetThing', errors: ['NotFound'] }
const provoked: Provoked = { operation: 'GetThing', code: 'NotFound', how: 'no such thing', file: 'a.test.ts' }
const title = "test('B4: GetThing answers NotFound: no such thing', …"

test.each<[string, Provoked[], string, string[]]>([
  ['a test that is written out', [provoked], title, []],
  [
    'a test that is made of the table',
    [provoked],
    "documentedErrorsOf('a.test.ts') … 'B4: $operation answers $code: $how'",
    [],
  ],
  ['no row', [], title, ['GetThing NotFound: no test provokes it']],
  [
    'a row that stands twice',
    [provoked, provoked],
    title,
    ['B4: GetThing answers NotFound: no such thing: stands twice'],
  ],
  [
    'a row that the operation does not list',
    [provoked, { ...provoked, code: 'Other' }],
    `${title} B4: GetThing answers Other: no such thing`,
    ['GetThing Other: the operation does not list it'],
  ],
  [
    'a row without a test',
    [provoked],
    "documentedErrorsOf('b.test.ts') … 'B4: $operation answers $code: $how'",
    ['a.test.ts: has no test "B4: GetThing answers NotFound: no such thing"'],
  ],
])('of the errors of an operation, %s', (_, rows, source, problems) => {
  expect(errorProblems([served], rows, () => source)).toEqual(problems)
})

const input: CoverageInput = {
  served: [
    {
      ...served,
      methods: ['GET'],
      params: { properties: { Sn: {}, Page: {}, 'List.1': {}, 'List.2': {}, 'List.10': {} }, required: ['Sn'] },
      wording: { notFound: { code: 'NotFound', status: 500 } },
      quota: { perSecond: 500 },
      ram: {
        action: 'mq:GetThing',
        dependsOn: ['mq:Access'],
        deniedAs: { code: 'Denied', message: 'Not you.', documented: 'a third' },
      },
      evidence: 'its page',
    },
    {
      action: 'CloseThing',
      methods: ['POST'],
      httpsOnly: true,
      params: { properties: {} },
      errors: [],
      wording: { notFound: { code: 'NotFound', status: 500 } },
      quota: { perSecond: 10, assumed: 'A-99' },
      ram: { action: 'mq:CloseThing', dependsOn: [] },
      evidence: 'its page',
    },
  ],
  declined: { Zed: 'no reason | none', Any: 'later' },
  httpsOnlyDeclined: new Set(['Zed']),
  errors: {
    NotFound: { status: 404, message: 'None.', documented: 'its page' },
    Denied: { status: 403, message: 'No.', documented: 'another page' },
  },
  notice: { NotFound: 400 },
  provoked: [provoked],
}

test('a code is told in every form in which operations word it', () => {
  expect(errorForms(input)).toEqual([
    { code: 'NotFound', status: 404, notice: 400, message: 'None.', documented: 'its page', by: [] },
    {
      code: 'NotFound',
      status: 500,
      notice: 400,
      message: 'None.',
      documented: 'its page',
      by: ['GetThing', 'CloseThing'],
    },
    { code: 'Denied', status: 403, notice: undefined, message: 'No.', documented: 'another page', by: [] },
    {
      code: 'Denied',
      status: 403,
      notice: undefined,
      message: 'Not you.',
      documented: 'a third',
      by: ['GetThing'],
    },
  ])
})

test('COVERAGE.md tells what an operation takes, answers and asks for, why others are declined, and what shows it', () => {
  const text = coverageOf(input)
  expect(text).toContain('has 4 operations. 2 are served; 2 are declined')
  expect(text).toContain(
    '| `CloseThing` | POST | HTTPS |  |  | `mq:CloseThing` | 10 (A-99) | its page |\n' +
      '| `GetThing` | GET | HTTP HTTPS | `Sn`, `Page?`, `List.1?`, `List.10?` | NotFound | `mq:GetThing` with `mq:Access` | 500 | its page |',
  )
  expect(text).toContain('| `Any` | HTTP HTTPS | later |\n| `Zed` | HTTPS | no reason \\| none |')
  expect(text).toContain('| `NotFound` | 404 | 400 | None. | its page |')
  expect(text).toContain('| `NotFound` | 500 | 400 | None. | its page; so at GetThing, CloseThing |')
  expect(text).toContain('| `GetThing` | `NotFound` | no such thing | a.test.ts |')
})

test('COVERAGE.md is made of the tables that the program serves from', () => {
  expect(coverageInput().served).toBe(operations)
})
