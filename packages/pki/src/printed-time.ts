import { CertificateError } from './certificate-error.ts'

const printed = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4,5}) GMT$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * Wall-clock milliseconds of a time as OpenSSL prints it ("Apr 10 04:24:15 2054 GMT"). Date.parse would take the
 * year 0050 for 2050.
 *
 * @throws {CertificateError} on anything else, fractions of a second included
 */
export function timeOfPrinted(text: string): number {
  const parts = printed.exec(text)
  const month = months.indexOf(parts?.[1] ?? '')
  if (!parts || month < 0) throw new CertificateError(`the validity of the certificate cannot be read: ${text}`)
  const [day, hours, minutes, seconds, year] = parts.slice(2).map(Number) as [number, number, number, number, number]
  const date = new Date(Date.UTC(2000, month, 1, hours, minutes, seconds))
  return date.setUTCFullYear(year, month, day)
}
