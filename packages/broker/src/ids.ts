import { toHex, type Random } from '@apsaramq/model'

/** Ids that nobody else has: 64 random bits once, then a count. Chance for each connection would cost 2 % of it. */
export function createIds(random: Random): () => string {
  const prefix = toHex(random.bytes(8))
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count}`
  }
}
