import { X509Certificate } from 'node:crypto'
import { isSerialNumber, serialNumberText } from '@apsaramq/model'
import { CertificateError, reasonOf } from './certificate-error.ts'
import { commonNameOf } from './common-name.ts'
import { derOfPem, maxCertificateBytes } from './pem.ts'
import { timeOfPrinted } from './printed-time.ts'

/** What the rest of the emulator knows of a certificate. */
export interface CertificateFacts {
  /** As the API shows it (`serialNumberText`). LIMITS A-08 */
  sn: string
  /** As node's X509Certificate prints it, an RDN a line. */
  subject: string
  /** As node's X509Certificate prints it, an RDN a line. */
  issuer: string
  /** The last common name of the subject, '' where it has none. LIMITS A-21 */
  commonName: string
  /** Wall-clock milliseconds of the first instant of validity. */
  validFrom: number
  /** Wall-clock milliseconds of notAfter. */
  validUntil: number
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string
  /** Whether BasicConstraints say CA:TRUE, and a key usage, where there is one, keyCertSign. */
  isCa: boolean
  keyType: 'rsa' | 'ec' | 'other'
  der: Uint8Array
}

/**
 * Reads what a certificate says; judges nothing.
 *
 * @param input PEM text, DER (or PEM) bytes, or node's object
 * @throws {CertificateError} when it cannot be read
 */
export function inspectCertificate(input: string | Uint8Array | X509Certificate): CertificateFacts {
  return factsOf(input instanceof X509Certificate ? input : parseCertificate(input))
}

/**
 * Node's object of a PEM text or of DER bytes.
 *
 * @throws {CertificateError} when it cannot be read, or bytes follow the certificate
 */
export function parseCertificate(input: string | Uint8Array): X509Certificate {
  const der = derOf(input)
  try {
    const certificate = new X509Certificate(der)
    if (certificate.raw.equals(der)) return certificate
  } catch {
    // OpenSSL tries DER, then PEM, and names only what it missed in the second
    throw new CertificateError('the bytes are no X.509 certificate in DER')
  }
  throw new CertificateError('the bytes are not the DER of one certificate and nothing else')
}

/** Lower-case hex of a certificate's SHA-256, without the colons that node prints. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

function derOf(input: string | Uint8Array): Buffer {
  if (typeof input === 'string') return derOfPem(input)
  if (input.length > maxCertificateBytes) {
    throw new CertificateError(`the certificate is longer than ${maxCertificateBytes} bytes`)
  }
  const bytes = Buffer.from(input)
  // 0x30 opens the SEQUENCE that every certificate is: other bytes may be the text of a PEM file
  return bytes[0] === 0x30 ? bytes : derOfPem(bytes.toString('latin1'))
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const subject = printedName(certificate.subject)
  return {
    sn: serialNumberOf(certificate),
    subject,
    issuer: printedName(certificate.issuer),
    commonName: commonNameOf(subject),
    validFrom: timeOfPrinted(certificate.validFrom),
    validUntil: timeOfPrinted(certificate.validTo),
    fingerprint: fingerprintOf(certificate),
    isCa: certificate.ca,
    keyType: keyTypeOf(certificate),
    der: certificate.raw,
  }
}

/** Node gives undefined for an empty name, whatever its types say. */
function printedName(name: string | undefined): string {
  return name ?? ''
}

function serialNumberOf(certificate: X509Certificate): string {
  const sn = certificate.serialNumber
  if (!isSerialNumber(sn)) throw new CertificateError(`the serial number is negative or too long for the API: ${sn}`)
  return serialNumberText(sn)
}

function keyTypeOf(certificate: X509Certificate): CertificateFacts['keyType'] {
  try {
    const type = certificate.publicKey.asymmetricKeyType
    return type === 'rsa' || type === 'ec' ? type : 'other'
  } catch (thrown) {
    throw new CertificateError(`the public key of the certificate cannot be read: ${reasonOf(thrown)}`)
  }
}
