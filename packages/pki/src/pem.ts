import { CertificateError } from './certificate-error.ts'

/** Longest certificate that is read, in bytes of its PEM or DER: well above what fits a TLS handshake or a query string. */
export const maxCertificateBytes = 64 * 1024

const beginMarker = /-----BEGIN ([^-]*)-----/g
const base64Text = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The DER of the one certificate in a PEM text. Explanatory text around it is allowed (RFC 7468 §5.2), and so is a
 * newline written as backslash and n, as the vendor's pages show it.
 *
 * @throws {CertificateError} when there is no certificate, more than one block, another label, or no base64
 */
export function derOfPem(text: string): Buffer {
  if (text.length > maxCertificateBytes)
    throw new CertificateError(`the PEM is longer than ${maxCertificateBytes} bytes`)
  const pem = text.replace(/\\r\\n|\\n/g, '\n')
  const [begin, another] = pem.matchAll(beginMarker)
  if (!begin) throw new CertificateError('there is no PEM: the text has no -----BEGIN CERTIFICATE-----')
  if (another) throw new CertificateError('the PEM holds more than one block; give one certificate')
  if (begin[1] !== 'CERTIFICATE') throw new CertificateError(`the PEM holds a ${begin[1]}, not a CERTIFICATE`)
  return decodeBody(bodyAfter(pem, begin.index + begin[0].length))
}

function bodyAfter(pem: string, from: number): string {
  const until = pem.indexOf('-----END CERTIFICATE-----', from)
  if (until < 0) throw new CertificateError('the PEM is cut off: there is no -----END CERTIFICATE-----')
  return pem.slice(from, until)
}

function decodeBody(body: string): Buffer {
  const base64 = body.replace(/\s+/g, '')
  if (base64.length % 4 !== 0 || !base64Text.test(base64)) {
    throw new CertificateError('between its markers the PEM is not base64')
  }
  return Buffer.from(base64, 'base64')
}

/** PEM text of a DER, 64 characters a line (RFC 7468 §2), with a newline at its end. */
export function pemOfDer(der: Uint8Array, label = 'CERTIFICATE'): string {
  return pemFromBase64Der(Buffer.from(der).toString('base64'), label)
}

/** PEM text of a DER that is at hand as base64 without line breaks, as the store keeps it. */
export function pemFromBase64Der(base64: string, label = 'CERTIFICATE'): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * Base64 of a certificate's DER without line breaks, as the store keeps it.
 *
 * @param input PEM text or DER
 * @throws {CertificateError} when the PEM cannot be read
 */
export function base64DerOf(input: string | Uint8Array): string {
  const der = typeof input === 'string' ? derOfPem(input) : Buffer.from(input)
  return der.toString('base64')
}
