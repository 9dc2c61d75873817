import * as fc from 'fast-check'
import { badString, goodText, goodTopic } from './texts.ts'
import { binary, byte, long, short, text, variable } from './wire.ts'

const userProperty = 0x26

const bit = fc.constantFrom(0, 1).map(byte)
const anyLong = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.nat({ max: 0xffffffff })).map(long)
const notZeroLong = fc.constantFrom(1, 20, 0xffffffff).map(long)
const anyShort = fc.oneof(fc.constantFrom(0, 1, 65535), fc.nat({ max: 65535 })).map(short)
const notZeroShort = fc.integer({ min: 1, max: 65535 }).map(short)
const anyText = goodText.map(text)
const anyBinary = fc.uint8Array({ maxLength: 20 }).map(binary)

/** Largest topic alias that the packets here use. */
export const topicAliasMaximum = 3

/** A value of each property that a client may send, as it should be. */
const goodValue: Record<number, fc.Arbitrary<Buffer>> = {
  0x01: bit,
  0x02: anyLong,
  0x03: anyText,
  0x08: goodTopic.map(text),
  0x09: anyBinary,
  0x0b: fc
    .oneof(fc.constantFrom(1, 127, 128, 268435455), fc.integer({ min: 1, max: 268435455 }))
    .map((id) => variable(id)),
  0x11: anyLong,
  0x15: anyText,
  0x16: anyBinary,
  0x17: bit,
  0x18: anyLong,
  0x19: bit,
  0x1f: anyText,
  0x21: notZeroShort,
  0x22: anyShort,
  0x23: fc.integer({ min: 1, max: topicAliasMaximum }).map(short),
  0x27: notZeroLong,
}

const goodUserProperty = fc.tuple(goodText, goodText).map(([name, value]) => {
  return Buffer.concat([byte(userProperty), text(name), text(value)])
})

/** The properties that each packet of a client may have, apart from user properties. */
export const propertyIds = {
  connect: [0x11, 0x17, 0x19, 0x21, 0x22, 0x27],
  will: [0x01, 0x02, 0x03, 0x08, 0x09, 0x18],
  publish: [0x01, 0x02, 0x03, 0x08, 0x09, 0x23],
  /** Of a PUBLISH whose alias is chosen elsewhere. */
  unaliased: [0x01, 0x02, 0x03, 0x08, 0x09],
  acknowledgement: [0x1f],
  subscribe: [0x0b],
  unsubscribe: [],
  disconnect: [0x11, 0x1f],
} as const

function blockOf(properties: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(properties)
  return Buffer.concat([variable(bytes.length), bytes])
}

/** A block of properties as it should be, in any order; `more` is in it too. */
export function goodBlock(ids: readonly number[], more: readonly Buffer[] = []): fc.Arbitrary<Buffer> {
  const each = ids.map((id) =>
    fc.option(
      goodValue[id]!.map((value) => Buffer.concat([byte(id), value])),
      { freq: 2 },
    ),
  )
  return fc.tuple(fc.tuple(...each), fc.array(goodUserProperty, { maxLength: 3 }), fc.nat({ max: 6 })).map((drawn) => {
    const [values, users, turn] = drawn
    const all = [...values.filter((value) => value !== null), ...users, ...more]
    return blockOf([...all.slice(turn), ...all.slice(0, turn)])
  })
}

const badProperty = fc.oneof(
  fc.tuple(fc.constantFrom(...Object.keys(goodValue).map(Number), userProperty), fc.oneof(badString, anyLong, bit)),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 6 })),
  fc.tuple(
    fc.constantFrom(0x01, 0x17, 0x19, 0x21, 0x23, 0x27, 0x0b),
    fc.constantFrom([0], [2], [0, 0], [0, 0, 0, 0], [0, 9], [0x80, 0], [0xff, 0xff, 0xff, 0xff, 1]),
  ),
  fc.constantFrom(...Object.keys(goodValue).map(Number)).chain((id) => fc.tuple(fc.constant(id), goodValue[id]!)),
)

/** A block of properties that most packets may not have, with a length that is sometimes wrong. */
export const badBlock = fc
  .tuple(
    fc.array(
      fc.oneof(
        badProperty.map(([id, value]) => Buffer.concat([byte(id), Buffer.from(value)])),
        goodUserProperty,
      ),
      { maxLength: 3 },
    ),
    fc.constantFrom(0, 0, 0, 0, -1, 1, 5),
    fc.constantFrom(0, 0, 0, 0, 1, 3, 4),
  )
  .map(([properties, off, padding]) => {
    const bytes = Buffer.concat(properties)
    return Buffer.concat([variable(Math.max(0, bytes.length + off), padding), bytes])
  })
