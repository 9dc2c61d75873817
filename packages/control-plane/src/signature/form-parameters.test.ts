import { expect, test } from 'vitest'
import { maxParameters, mergeParameters, parseParameters, textOf } from './form-parameters.ts'

const plain = (parameters: object | undefined) => Object.entries(parameters ?? {})

test('B3: pairs are decoded as a form: plus, percent, empty values, names alone, nothing between two ampersands', () => {
  expect(plain(parseParameters('a=1+2&b=%2B%e4%BD%a0&c=&d&&e=x=y'))).toEqual([
    ['a', '1 2'],
    ['b', '+你'],
    ['c', ''],
    ['d', ''],
    ['e', 'x=y'],
  ])
})

test('what is no percent-encoding stays as it is, what is no UTF-8 becomes the replacement character', () => {
  expect(plain(parseParameters('a=%&b=%zz&c=%ff'))).toEqual([
    ['a', '%'],
    ['b', '%zz'],
    ['c', '\uFFFD'],
  ])
})

test('a repeated name has its values in one order, however they were sent', () => {
  expect(parseParameters('a=2&a=1')).toEqual(parseParameters('a=1&a=2'))
  expect(plain(parseParameters('a=2&b=x&a=1'))).toEqual([
    ['a', ['1', '2']],
    ['b', 'x'],
  ])
})

test('names that every object inherits are names like any other', () => {
  const parameters = parseParameters('__proto__=1&constructor=2&toString=3')!
  expect(plain(parameters)).toEqual([
    ['__proto__', '1'],
    ['constructor', '2'],
    ['toString', '3'],
  ])
  expect(plain(mergeParameters(parameters, parseParameters('__proto__=0')!))).toContainEqual(['__proto__', ['0', '1']])
  expect(textOf(parseParameters('')!, 'constructor')).toBe('')
})

test('query and form are merged, a name in both has the values of both', () => {
  expect(plain(mergeParameters(parseParameters('a=1&b=2')!, parseParameters('b=1&b=3&c=4')!))).toEqual([
    ['a', '1'],
    ['b', ['1', '2', '3']],
    ['c', '4'],
  ])
})

const pairs = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `${name(index)}=1`).join('&')

test('a thousand parameters are read, one more is too many, repeated or not', () => {
  for (const name of [(index: number) => `p${index}`, () => 'same']) {
    expect(plain(parseParameters(pairs(maxParameters, name))).flatMap(([, value]) => value)).toHaveLength(maxParameters)
    expect(parseParameters(pairs(maxParameters + 1, name))).toBeUndefined()
  }
})
