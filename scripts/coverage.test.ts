import { declinedOperations, operations } from '@apsaramq/control-plane'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { coverageOf } from './coverage.ts'
import { staleFiles } from './generated.ts'

test('L1: the generated files are what is generated now', () => {
  expect(staleFiles(dirname(import.meta.dirname))).toEqual([])
})

test('L1: every operation of the API is either served or declined', () => {
  const served = operations.map(({ action }) => action)
  const declined = Object.keys(declinedOperations)
  expect(served.filter((name) => declined.includes(name))).toEqual([])
  expect(new Set([...served, ...declined]).size).toBe(50)
})

test('COVERAGE.md tells what an operation takes, answers and asks for, and why others are declined', () => {
  const text = coverageOf({
    served: [
      {
        action: 'GetThing',
        methods: ['GET'],
        params: { properties: { Sn: {}, Page: {} }, required: ['Sn'] },
        errors: ['NotFound'],
        quota: { perSecond: 500 },
        ram: { action: 'mq:GetThing', dependsOn: ['mq:Access'] },
        evidence: 'its page',
      },
    ],
    declined: { Zed: 'no reason | none', Any: 'later' },
    errors: { NotFound: { status: 404, message: 'None.', documented: 'its page' } },
  })
  expect(text).toContain('has 3 operations. 1 are served; 2 are declined')
  expect(text).toContain(
    '| `GetThing` | GET | `Sn`, `Page?` | NotFound | `mq:GetThing` with `mq:Access` | 500 | its page |',
  )
  expect(text).toContain('| `Any` | later |\n| `Zed` | no reason \\| none |')
  expect(text).toContain('| `NotFound` | 404 | None. | its page |')
})
