import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { lockfileProblems } from './lockfile.ts'
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
