import { expect, test } from 'vitest'
import { signedHeadersOf } from './signed-headers.ts'

test('a list is in its order, with what stands twice, and tells which names are in it', () => {
  const { inOrder, all } = signedHeadersOf('x-acs-action;host;host')
  expect(inOrder).toEqual(['x-acs-action', 'host', 'host'])
  expect([...all]).toEqual(['x-acs-action', 'host'])
})

test('a list that comes again is the same one, unless it is longer than any client sends', () => {
  const long = `host;${'x'.repeat(2_000)}`
  expect(signedHeadersOf('host;a')).toBe(signedHeadersOf('host;a'))
  expect(signedHeadersOf(long)).not.toBe(signedHeadersOf(long))
  expect(signedHeadersOf(long)).toEqual(signedHeadersOf(long))
})

test('of many lists no more than a few are remembered', () => {
  const first = signedHeadersOf('host;first')
  for (let at = 0; at < 100; at += 1) signedHeadersOf(`host;x-${at}`)
  expect(signedHeadersOf('host;first')).not.toBe(first)
  expect(signedHeadersOf('host;first')).toEqual(first)
})
