import * as fc from 'fast-check'
import { goodConnect, goodDisconnect, goodPackets, plainConnect, type Level } from './packets.ts'
import { oddlyDescribed, oddPacket, spoilt, spoiling } from './spoiling.ts'

/** The bytes of a client, and how they come: what a failure is shrunk to. */
export interface Recipe {
  level: Level
  connect: Buffer
  /** What follows CONNECT. */
  bytes: Buffer
  /** Lengths of the chunks, over and over; empty for all at once. */
  steps: readonly number[]
  /** Whether everything in it is as the standard has it. */
  isRight: boolean
}

/** Recipes of each level, more of MQTT 5 than of the others; what they are drawn from is made once. */
function ofEachLevel(recipesOf: (level: Level) => fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> {
  return fc.oneof(recipesOf(3), recipesOf(4), { weight: 4, arbitrary: recipesOf(5) })
}

const steps: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.constantFrom([1], [2], [3], [1000]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
)

/** Sessions of a client that does everything right. */
export const rightSessions: fc.Arbitrary<Recipe> = ofEachLevel((level) =>
  fc
    .tuple(fc.array(goodPackets(level), { maxLength: 6 }), fc.option(goodDisconnect(level)), steps)
    .map(([packets, last, pieces]) => {
      const bytes = Buffer.concat([...packets.flat(), ...(last ? [last] : [])])
      return { level, connect: plainConnect(level), bytes, steps: pieces, isRight: true }
    }),
)

/** Changes of a session: which packet, and how. */
const changes = fc.array(fc.tuple(fc.nat({ max: 9 }), spoiling), { minLength: 1, maxLength: 3 })

function changed(packets: readonly Buffer[], drawn: readonly [number, Parameters<typeof spoilt>[1]][]): Buffer {
  const all = [...packets]
  for (const [index, change] of drawn) {
    const at = index % all.length
    all[at] = spoilt(all[at]!, change, packets)
  }
  return Buffer.concat(all)
}

/** Sessions that begin well and go wrong, some of them so little that they are right again. */
export const wrongSessions: fc.Arbitrary<Recipe> = ofEachLevel((level) => {
  const packet = fc.oneof(
    { weight: 3, arbitrary: goodPackets(level) },
    { weight: 1, arbitrary: goodDisconnect(level).map((last) => [last]) },
    { weight: 1, arbitrary: fc.oneof(oddPacket, oddlyDescribed).map((odd) => [odd]) },
  )
  const isChanged = { weight: 3, arbitrary: changes }
  return fc
    .tuple(fc.array(packet, { minLength: 1, maxLength: 5 }), fc.oneof(isChanged, fc.constant([])), steps)
    .map(([packets, drawn, pieces]) => {
      const bytes = changed(packets.flat(), drawn)
      return { level, connect: plainConnect(level), bytes, steps: pieces, isRight: false }
    })
})

/** First packets, right and wrong, with nothing behind them. */
export const firstPackets: fc.Arbitrary<Recipe> = ofEachLevel((level) =>
  fc.tuple(goodConnect(level), fc.oneof(fc.constant([]), changes), steps).map(([connect, drawn, pieces]) => {
    const all = changed([connect], drawn)
    return { level, connect: all, bytes: Buffer.alloc(0), steps: pieces, isRight: drawn.length === 0 }
  }),
)

/** Bytes in the chunks that a recipe asks for. */
export function* chunksOf(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const length = lengths.length === 0 ? bytes.length : lengths[turn % lengths.length]!
    yield bytes.subarray(at, at + length)
    at += length
  }
}
