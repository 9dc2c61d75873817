import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { catalogProblems, lockfileProblems } from './lockfile.ts'
import { checkoutOf } from './source/checkout.test-support.ts'

test('there is one lockfile, and it names no registry', () => {
  expect(lockfileProblems(dirname(import.meta.dirname))).toEqual([])
})

test('a host in the lockfile and a second lockfile are found', () => {
  const root = checkoutOf({
    'pnpm-lock.yaml': 'a:\n  resolution: {integrity: x, tarball: https://registry.test/a.tgz}\n',
    'package-lock.json': '{}',
  })
  expect(lockfileProblems(root)).toEqual([
    'pnpm-lock.yaml:2: names a host',
    'package-lock.json: pnpm-lock.yaml is the lockfile here',
  ])
})

test('every version stands in one catalog', () => {
  expect(catalogProblems(dirname(import.meta.dirname))).toEqual([])
})

test('a version of its own and one that nothing uses are found', () => {
  const root = checkoutOf({
    'pnpm-workspace.yaml': 'catalog:\n  mqtt: 5.0.0\n  aedes: 1.0.0\n',
    'packages/broker/package.json': '{ "dependencies": { "mqtt": "4.0.0", "aedes": "catalog:" } }',
  })
  expect(catalogProblems(root)).toEqual([
    'packages/broker/package.json: gives mqtt a version: write "catalog:"',
    'pnpm-workspace.yaml: nothing uses the version of mqtt',
  ])
})
