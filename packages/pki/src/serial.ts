import { isSerialNumber, maxSerialNumberBytes, serialNumberText, toHex, type Random } from '@apsaramq/model'
import { CertificateError } from './certificate-error.ts'

/** A new serial number: 16 random bytes, positive, never zero (RFC 5280 §4.1.2.2). */
export function makeSerialNumber(random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16))
  bytes[0]! &= 0x7f
  if (bytes.every((byte) => byte === 0)) bytes[15] = 1
  return serialNumberText(toHex(bytes))
}

/**
 * The serial number a user asks for, as the API will show it. Longer ones than RFC 5280's 20 bytes are taken, as
 * the API takes them.
 *
 * @throws {CertificateError} when it is not hex, zero or too long for the API
 */
export function readSerialNumber(text: string): string {
  if (!isSerialNumber(text)) throw new CertificateError(`a serial number is 1 to ${maxSerialNumberBytes} hex digits`)
  const sn = serialNumberText(text)
  if (/^0+$/.test(sn)) throw new CertificateError('a serial number must not be zero')
  if (sn.length > maxSerialNumberBytes) {
    throw new CertificateError(
      `with its leading zero byte the serial number exceeds ${maxSerialNumberBytes} hex digits`,
    )
  }
  return sn
}
