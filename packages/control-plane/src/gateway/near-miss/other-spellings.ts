import { isSerialNumber } from '@apsaramq/model'

/** Another serial number that a text may have been meant for. */
export interface Spelling {
  sn: string
  /** What must be done to the text to get it. */
  how: string
}

const decimal = /^[0-9]{1,60}$/

/** What OpenSSL, browsers and people put around the digits: 0x, colons, spaces, dashes. */
const decoration = /^\s*0x|[\s:.-]/gi

/** Longer than any serial number with all its colons. */
const maxLength = 400

/** The serial numbers that a text stands for if it was not written as the API writes them. */
export function otherSpellings(text: string): Spelling[] {
  if (text.length > maxLength) return []
  const bare = text.replaceAll(decoration, '')
  const found: Spelling[] = []
  if (bare !== text && isSerialNumber(bare)) found.push({ sn: bare, how: 'without 0x, colons, dashes and spaces' })
  if (decimal.test(bare)) found.push({ sn: BigInt(bare).toString(16), how: 'as a decimal number' })
  return found
}
