import type { Random } from '@apsaramq/model'

const bytesPerId = 16
const idsPerDraw = 256

/** Upper-case version 4 UUIDs, drawn many at a time: one draw a call would cost more than the rest of the envelope. */
export function requestIds(random: Random): () => string {
  let hex = ''
  let at = 0
  return () => {
    if (at >= hex.length) {
      hex = drawHex(random)
      at = 0
    }
    const [start, end] = [at, (at += bytesPerId * 2)]
    const head = `${hex.slice(start, start + 8)}-${hex.slice(start + 8, start + 12)}-${hex.slice(start + 12, start + 16)}`
    return `${head}-${hex.slice(start + 16, start + 20)}-${hex.slice(start + 20, end)}`
  }
}

function drawHex(random: Random): string {
  const drawn = Buffer.from(random.bytes(bytesPerId * idsPerDraw))
  for (let at = 0; at < drawn.length; at += bytesPerId) {
    drawn[at + 6] = (drawn[at + 6]! & 0x0f) | 0x40
    drawn[at + 8] = (drawn[at + 8]! & 0x3f) | 0x80
  }
  return drawn.toString('hex').toUpperCase()
}
