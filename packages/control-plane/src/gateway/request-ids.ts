import type { Random } from '@apsaramq/model'

const bytesPerId = 16
const idsPerDraw = 256

/** Upper-case version 4 UUIDs, drawn many at a time: one draw a call would cost more than the rest of the envelope. */
export function requestIds(random: Random): () => string {
  let drawn = Buffer.alloc(0)
  let at = 0
  return () => {
    if (at >= drawn.length) {
      drawn = Buffer.from(random.bytes(bytesPerId * idsPerDraw))
      at = 0
    }
    drawn[at + 6] = (drawn[at + 6]! & 0x0f) | 0x40
    drawn[at + 8] = (drawn[at + 8]! & 0x3f) | 0x80
    const hex = drawn.toString('hex', at, at + bytesPerId).toUpperCase()
    at += bytesPerId
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}
