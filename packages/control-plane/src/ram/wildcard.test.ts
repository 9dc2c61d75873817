import { expect, test } from 'vitest'
import { matchesWildcard } from './wildcard.ts'

test.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'a', false],
  ['mq:Get*', 'mq:GetCaCertificate', true],
  ['mq:Get*', 'mq:ListCaCertificate', false],
  ['mq:*Certificate', 'mq:GetCaCertificate', true],
  ['mq:*Certificate', 'mq:GetCaCertificates', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?*', 'a', false],
  ['*a*b', 'xaxbxb', true],
  ['*a*b', 'xaxbxa', false],
  ['**', 'x', true],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
])('B6: %j against %j is %j', (pattern, text, matches) => {
  expect(matchesWildcard(pattern, text)).toBe(matches)
})

test('a pattern made to explode takes no more steps than its length times the length of the text', () => {
  let steps = 0
  const text = new Proxy(
    { length: 2000 },
    { get: (target, at) => (at === 'length' ? target.length : ((steps += 1), 'a')) },
  )
  expect(matchesWildcard(`${'a*'.repeat(40)}b`, text as unknown as string)).toBe(false)
  expect(steps).toBeLessThan(81 * 2000)
})
