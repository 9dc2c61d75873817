import * as fc from 'fast-check'
import { binary, short, text } from './wire.ts'

const characters = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'demo',
    '温度',
    'é',
    '😀',
    ' ',
    '\t',
    '\uffff',
    '\x01',
    '__proto__',
    'constructor',
    '0',
    '$SYS',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

/** Text that the standard allows. */
export const goodText = characters.map((value) => value.replaceAll('\0', '')).map(withoutHalves)

const level = goodText.map((value) => value.replaceAll(/[/+#]/g, ''))

/** A topic name that the broker takes. */
export const goodTopic = fc
  .oneof(
    { weight: 20, arbitrary: fc.array(level, { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant(Array.from({ length: 100 }, () => 'x')) },
  )
  .map((levels) => levels.join('/'))
  .filter((topic) => topic !== '' && topic !== '__proto__')

/** A topic filter that the broker takes. */
export const goodFilter = fc
  .tuple(
    fc.constantFrom('', '', '', '$share/group/'),
    fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/#'),
  )
  .map(([share, levels, end]) => share + levels.join('/') + end)
  .filter((filter) => filter !== '' && filter !== '__proto__')

const notText = [[0], [0x61, 0, 0x62], [0xed, 0xa0, 0x80], [0xc3], [0xff], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80]]

/** A string as it should not be: not text, not a topic, longer than it says or shorter. */
export const badString = fc.oneof(
  fc.constantFrom(...notText).map((bytes) => binary(Buffer.from(bytes))),
  fc
    .constantFrom('#', '+', 'a/#', 'a/+/b', 'a#', '+a', '#/a', '__proto__', '', '/'.repeat(100), '/'.repeat(101))
    .map(text),
  fc.tuple(fc.constantFrom(0, 1, 2, 255, 65535), goodText).map(([length, value]) => {
    return Buffer.concat([short(length), Buffer.from(value)])
  }),
)

/** Halves of a character of two units are no text in UTF-8. */
function withoutHalves(value: string): string {
  return Buffer.from(value).toString()
}
