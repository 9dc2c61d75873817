/** Longest serial number the API takes, in bytes of its text ("up to 128 bytes in length"). */
export const maxSerialNumberBytes = 128

const hexText = /^[0-9a-f]+$/i

/** True when `text` can be a serial number: hex digits, 1 to 128 of them. LIMITS A-08 */
export function isSerialNumber(text: string): boolean {
  return text.length <= maxSerialNumberBytes && hexText.test(text)
}

/**
 * The form in which two spellings of one serial number are equal: lower case, no leading zeros.
 * Keys of records use it; answers show the certificate's own spelling. LIMITS A-08
 */
export function serialNumberKey(text: string): string {
  return text.toLowerCase().replace(/^0+(?=.)/, '')
}

/**
 * The spelling shown by the API: lower-case hex of the DER integer's bytes, so a leading zero byte
 * stays where the top bit of the number is set. LIMITS A-08
 *
 * @param integerHex hex of the number, with or without leading zeros
 */
export function serialNumberText(integerHex: string): string {
  const digits = serialNumberKey(integerHex)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even
}
