import * as fc from 'fast-check'
import { badBlock } from './properties.ts'
import { badString, goodFilter, goodTopic } from './texts.ts'
import { bodyOf, byte, frame, headLength, short, text, variable } from './wire.ts'

/** A place in bytes: 0 the first of them. More often near the beginning, where what matters stands. */
const spot = fc.double({ min: 0, max: 0.999, noNaN: true }).map((at) => at * at)

/** One change of one packet. `isMended` is whether its remaining length is made right again. */
export type Spoiling =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'put'; at: number; instead: number; bytes: Uint8Array; isMended: boolean }
  | { kind: 'length'; by: number; padding: number }
  | { kind: 'header'; byte: number }
  | { kind: 'splice'; at: number; with: number; from: number }
  | { kind: 'repeat' }

const oddBytes = fc.oneof(
  fc.constantFrom([0], [0, 0], [0xff], [0x80], [0x7f], [0x80, 0x80, 0x80, 0x80], [0xff, 0xff], [0x26, 0, 0, 0, 0]),
  fc.constantFrom([1, 2], [0x23, 0, 0], [0x23, 0, 1], [8, 0, 9], [0x0b, 0], [0x1f, 0, 0], [0x11, 0, 0, 0, 1]),
  fc.uint8Array({ maxLength: 8 }),
)

/** Any change. */
export const spoiling: fc.Arbitrary<Spoiling> = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: spot, bit: fc.nat({ max: 7 }) }),
  fc.record({
    kind: fc.constant('put'),
    at: spot,
    instead: fc.constantFrom(0, 0, 1, 2, 3, 10_000),
    bytes: oddBytes.map((bytes) => Uint8Array.from(bytes)),
    isMended: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('length'),
    by: fc.constantFrom(-1, 0, 1, 2, 200, 100_000),
    padding: fc.constantFrom(0, 1, 3),
  }),
  fc.record({ kind: fc.constant('header'), byte: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant('splice'), at: spot, with: fc.nat({ max: 9 }), from: spot }),
  fc.record({ kind: fc.constant('repeat') }),
)

function mended(packet: Buffer): Buffer {
  return packet.length === 0 ? packet : frame(packet[0]!, [bodyOf(packet)])
}

/** A packet after a change. @param others what it may be spliced with */
export function spoilt(packet: Buffer, change: Spoiling, others: readonly Buffer[]): Buffer {
  switch (change.kind) {
    case 'flip':
      return flipped(packet, spotIn(packet, change.at), change.bit)
    case 'put':
      return withBytes(packet, spotIn(packet, change.at), change)
    case 'length': {
      const body = bodyOf(packet)
      return Buffer.concat([
        packet.subarray(0, 1),
        variable(Math.max(0, body.length + change.by), change.padding),
        body,
      ])
    }
    case 'header':
      return Buffer.concat([byte(change.byte), packet.subarray(1)])
    case 'splice': {
      const other = others[change.with % others.length]!
      return mended(
        Buffer.concat([packet.subarray(0, spotIn(packet, change.at)), other.subarray(spotIn(other, change.from))]),
      )
    }
    case 'repeat':
      return Buffer.concat([packet, packet])
  }
}

function spotIn(packet: Buffer, at: number): number {
  return Math.floor(at * packet.length)
}

function flipped(packet: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(packet)
  copy[at]! ^= 1 << bit
  return copy
}

/** What is to be mended is changed behind its length. */
function withBytes(packet: Buffer, at: number, change: Extract<Spoiling, { kind: 'put' }>): Buffer {
  const from = change.isMended ? Math.max(at, headLength(packet) ?? 0) : at
  const put = Buffer.concat([packet.subarray(0, from), change.bytes, packet.subarray(from + change.instead)])
  return change.isMended ? mended(put) : put
}

const part = fc.oneof(
  badString,
  badBlock,
  fc.constantFrom(0, 1, 65535).map(short),
  goodTopic.map(text),
  goodFilter.map(text),
  fc.constantFrom(0, 1, 2, 3, 4, 0x30, 0x40, 0x80, 0x92).map(byte),
)

const commonHeader = fc.constantFrom(0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xc0, 0xe0)

/** A packet of the parts that packets have, in a wrong order or with something wrong in them. */
export const oddPacket = fc
  .tuple(fc.oneof({ weight: 5, arbitrary: commonHeader }, fc.nat({ max: 255 })), fc.array(part, { maxLength: 6 }))
  .map(([header, parts]) => frame(header, parts))

/** A packet that is right up to its properties, which are not. */
export const oddlyDescribed = fc
  .tuple(commonHeader, badBlock, fc.constantFrom('', 'a'), fc.constantFrom(0, 1, 2, 4, 0x10, 0x91, 0x92, 0x9a))
  .map(([header, block, topic, options]) => {
    if (header === 0x30) return frame(header, [text(topic), block, byte(0)])
    if (header < 0x40) return frame(header, [text(topic), short(1), block, byte(0)])
    if (header === 0x82) return frame(header, [short(1), block, text('a'), byte(options)])
    if (header === 0xa2) return frame(header, [short(1), block, text('a')])
    const described = [byte(options), block]
    return header === 0xe0 ? frame(header, described) : frame(header, [short(1), ...described])
  })
