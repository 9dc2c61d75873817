import { timingSafeEqual } from 'node:crypto'

/** Whether two signatures are the same text, in a time that does not tell how much of them is. */
export function isSameText(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  return left.length === right.length && timingSafeEqual(left, right)
}
