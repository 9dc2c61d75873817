import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importProblems } from './import-rules.ts'
import { checkoutOf } from './source/checkout.test-support.ts'

const repository = dirname(import.meta.dirname)

/** A checkout whose broker has one file, and lists these packages. */
function brokerWith(source: string, lists: object = {}, path = 'packages/broker/src/verdict.ts') {
  return checkoutOf({ [path]: source, 'packages/broker/package.json': JSON.stringify(lists) })
}

test('every import of every room is one that the plan allows', () => {
  expect(importProblems(repository)).toEqual([])
})

describe('a forbidden import', () => {
  test.each([
    ['static', "import { judge } from '@apsaramq/control-plane'"],
    ['for its effect', "import '@apsaramq/control-plane'"],
    ['of a type', "import type { App } from '@apsaramq/control-plane'"],
    ['re-exported', "export { judge } from '@apsaramq/control-plane'"],
    ['re-exported whole', "export * from '@apsaramq/control-plane'"],
    ['dynamic', "export const app = await import('@apsaramq/control-plane')"],
    ['inside a type', "export type App = import('@apsaramq/control-plane').App"],
    ['required', "export const app = require('@apsaramq/control-plane')"],
    ['of a part of the package', "import { judge } from '@apsaramq/control-plane/judge'"],
  ])('that is %s is found with its line', (_kind, source) => {
    const { 0: problem, length } = importProblems(brokerWith(`// the broker\n${source}\n`))
    expect([length, problem?.replace('/judge', '')]).toEqual([
      1,
      'packages/broker/src/verdict.ts:2: imports @apsaramq/control-plane, which packages/broker may not know',
    ])
  })

  test.each([
    ['../../store/src/store.ts', '../../store/src/store.ts, which lies in another room: import the package'],
    ['./judge', './judge without its ending'],
    ['fs', 'fs: builtin modules are spelled with node:'],
    ['aedes', 'aedes, which packages/broker/package.json does not list'],
  ])('of %s is found', (specifier, what) => {
    const root = brokerWith(`import '${specifier}'\n`)
    expect(importProblems(root)).toEqual([`packages/broker/src/verdict.ts:1: imports ${what}`])
  })

  test('of a package for development is found outside of tests, but not in them', () => {
    const lists = { devDependencies: { mqtt: '5' } }
    expect(importProblems(brokerWith("import 'mqtt'", lists))).toEqual([
      'packages/broker/src/verdict.ts:1: imports mqtt, which packages/broker/package.json does not list',
    ])
    expect(importProblems(brokerWith("import 'mqtt'", lists, 'packages/broker/src/verdict.test.ts'))).toEqual([])
  })

  test('of anything is found in the model', () => {
    const root = checkoutOf({
      'packages/model/src/clock.ts': "import { randomBytes } from 'node:crypto'",
      'packages/model/package.json': '{}',
    })
    expect(importProblems(root)).toEqual([
      'packages/model/src/clock.ts:1: imports node:crypto: packages/model is pure and imports nothing',
    ])
  })

  test('of a server is found in the testkit', () => {
    const root = checkoutOf({
      'packages/testkit/src/index.ts': "import 'fastify'",
      'packages/testkit/package.json': '{ "dependencies": { "fastify": "5" } }',
    })
    expect(importProblems(root)).toEqual([
      "packages/testkit/src/index.ts:1: imports fastify: packages/testkit is made for users' own programs",
    ])
  })
})

test('a word in a comment or a string is no import', () => {
  expect(importProblems(brokerWith("// import 'aedes'\nexport const text = \"import 'aedes'\"\n"))).toEqual([])
})

describe('a package.json', () => {
  test('that lists what nothing imports is found', () => {
    const lists = { dependencies: { aedes: '1', mqtt: '5' }, devDependencies: { '@types/aedes': '1', tsx: '4' } }
    expect(importProblems(brokerWith("import 'aedes'", lists))).toEqual([
      'packages/broker/package.json: lists mqtt, which nothing in packages/broker imports',
    ])
  })

  test('that lists a room it may not know is found', () => {
    const lists = { devDependencies: { '@apsaramq/emulator': 'workspace:*' } }
    expect(importProblems(brokerWith('', lists))[0]).toBe(
      'packages/broker/package.json: lists @apsaramq/emulator, which packages/broker may not know',
    )
  })
})
