import { spawnSync } from 'node:child_process'
import { Kind, type TSchema } from '@sinclair/typebox'
import { describe, expect, test } from 'vitest'
import { operations } from '../operations/index.ts'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { xmlDocument, xmlText } from './xml.ts'

const head = "<?xml version='1.0' encoding='UTF-8'?>"

test.each([
  ['text', { A: 'x' }, '<A>x</A>'],
  ['numbers and truth', { N: 1.5, T: true, F: false }, '<N>1.5</N><T>true</T><F>false</F>'],
  ['empty text', { A: '' }, '<A></A>'],
  ['nothing', { A: null, B: undefined }, ''],
  ['an object', { D: { A: 'x', B: 'y' } }, '<D><A>x</A><B>y</B></D>'],
  ['a list', { L: [{ A: 1 }, { A: 2 }], M: ['x', 'y'] }, '<L><A>1</A></L><L><A>2</A></L><M>x</M><M>y</M>'],
  ['an empty list', { L: [], N: 0 }, '<N>0</N>'],
  ['what markup is made of', { A: `<a b="c">&amp;'` }, `<A>&lt;a b="c"&gt;&amp;amp;'</A>`],
  ['the end of a CDATA section in text', { A: ']]>' }, '<A>]]&gt;</A>'],
  ['line breaks', { A: 'a\r\nb\tc' }, '<A>a&#13;\nb\tc</A>'],
  ['what XML cannot carry', { A: 'a\0b\u001fc\uffffd\ud800e' }, '<A>a\ufffdb\ufffdc\ufffdd\ufffde</A>'],
  ['what lies beyond the first plane', { A: '😀é' }, '<A>😀é</A>'],
  ['the link of an error', { Recommend: 'x?a=1&b=]]>' }, '<Recommend><![CDATA[x?a=1&b=]]]]><![CDATA[>]]></Recommend>'],
  [
    'the elements of an error',
    { RequestId: 'r', Message: 'm', HostId: 'h', Code: 'c' },
    '<RequestId>r</RequestId><HostId>h</HostId><Code>c</Code><Message>m</Message>',
  ],
])('B2: XML of %s', (_what, body, written) => {
  expect(xmlDocument('R', body)).toBe(`${head}<R>${written}</R>`)
})

/** Names of every element an answer can have. */
function namesIn(schema: TSchema): string[] {
  if (schema[Kind] === 'Array') return namesIn(schema['items'] as TSchema)
  const properties = (schema['properties'] ?? {}) as Record<string, TSchema>
  return Object.entries(properties).flatMap(([name, inner]) => [name, ...namesIn(inner)])
}

test('B2: every field of every answer is the name of an XML element', () => {
  const names = operations.flatMap(({ result }) => namesIn(result))
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !/^[A-Za-z][A-Za-z0-9]*$/.test(name))).toEqual([])
})

const python = ['python3', '/usr/bin/python3'].find((path) => spawnSync(path, ['--version']).status === 0)

/** What Python's expat reads in each document: the text of the root's one element, as UTF-8 hex. */
const reader = `
import sys, xml.etree.ElementTree as tree
for line in sys.stdin:
    found = tree.fromstring(bytes.fromhex(line.strip()))[0].text or ''
    print(found.encode('utf-8').hex())
`

/** Any code points, of which many are those that matter to XML. */
function randomText(next: () => number): string {
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)]!
  const awkward = [
    '&',
    '<',
    '>',
    ']]>',
    '\r',
    '\n',
    '\t',
    '\0',
    '\x1f',
    '\x7f',
    '\x85',
    '\u2028',
    '\ufffe',
    '\ud83d',
    '"',
  ]
  return Array.from({ length: Math.floor(next() * 40) }, () =>
    next() < 0.5 ? pick(awkward) : String.fromCodePoint(Math.floor(next() * 0x110000)),
  ).join('')
}

describe.skipIf(python === undefined)('read by another parser (left out where there is no python3)', () => {
  test('B2: text comes back as it was, but for what XML cannot carry', () => {
    const seed = Number(process.env['XML_SEED'] ?? 20_260_101)
    const next = seededNumbers(seed)
    const texts = Array.from({ length: 500 }, () => randomText(next))
    const input = texts.map((text) => Buffer.from(xmlDocument('R', { A: text })).toString('hex')).join('\n')
    const { stdout, stderr } = spawnSync(python!, ['-c', reader], { input, encoding: 'utf8', maxBuffer: 1 << 26 })
    const read = stdout.split('\n').slice(0, texts.length)
    const wanted = texts.map((text) => Buffer.from(carried(text)).toString('hex'))
    expect({ seed, stderr, read }).toEqual({ seed, stderr: '', read: wanted })
  })
})

const carried = (text: string) => [...text].map((one) => (isCharacter(one.codePointAt(0)!) ? one : '\ufffd')).join('')

/** [XML 1.0, 2.2], written anew so that the test does not share what it tests. */
function isCharacter(point: number): boolean {
  if (point === 9 || point === 10 || point === 13) return true
  if (point >= 0x20 && point < 0xd800) return true
  return (point >= 0xe000 && point <= 0xfffd) || point >= 0x10000
}

test('B2: what needs no escape is left as it is', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIID/DCCAu+Y5s==\n-----END CERTIFICATE-----\n'
  expect(xmlText(pem)).toBe(pem)
})
