import type { X509Certificate } from 'node:crypto'
import { extensionOids, purposeOids, rsaPssOid, strongDigestOids, strongSignatureOids } from './oids.ts'
import { bytesOf, children, oidOf, readDer, readStructure, type CertificateStructure } from './structure.ts'
import { derOfNode } from './write-certificate.ts'

/** A certificate as the rules see it. */
export interface JudgedCertificate {
  x509: X509Certificate
  structure: CertificateStructure
}

/** Reads what the rules need. @throws {CertificateError} when it is not DER */
export function judged(x509: X509Certificate): JudgedCertificate {
  return { x509, structure: readStructure(x509.raw) }
}

// KeyUsage ::= BIT STRING (RFC 5280 §4.2.1.3); bit 0 is the highest of the first octet
/** Bit 0. */
export const digitalSignature = 0x80
/** Bit 4. */
export const keyAgreement = 0x08
const keyCertSign = 0x04
/** Bit 0 of the Netscape certificate type. */
export const sslClient = 0x80

const processed: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extKeyUsage,
  extensionOids.subjectAltName,
  extensionOids.netscapeCertType,
])

const unprocessed = [
  extensionOids.nameConstraints,
  extensionOids.ipAddressBlocks,
  extensionOids.autonomousSystemNumbers,
  extensionOids.proxyCertInfo,
]

/** Whether a certificate has one name twice, or is its own issuer by all that it says. */
export function isSelfIssued(x509: X509Certificate): boolean {
  return x509.checkIssued(x509) || mayBeOneName(x509.subject, x509.issuer)
}

/** Whether OpenSSL is sure to take subject and issuer for one name. */
export function hasOneName({ structure }: JudgedCertificate): boolean {
  return derOfNode(structure.subject).equals(derOfNode(structure.issuer))
}

/** Whether two printed names might be one for OpenSSL. */
export function mayBeOneName(name: string | undefined, other: string | undefined): boolean {
  return comparable(name) === comparable(other)
}

/** Whether a key usage forbids to sign certificates. */
export function mayNotSign(certificate: JudgedCertificate): boolean {
  return !hasBit(certificate, extensionOids.keyUsage, keyCertSign)
}

/** How many certificates of CAs may stand below one: its path length constraint (RFC 5280 §4.2.1.9). */
export function pathLengthOf({ structure }: JudgedCertificate): number {
  const extension = structure.extensions.get(extensionOids.basicConstraints)
  const length = extension && children(readDer(extension.value)).find(({ type }) => Number(type) === integerTag)
  return length ? bytesOf(length).readIntBE(0, Math.min(bytesOf(length).length, maxIntegerBytes)) : Infinity
}

const integerTag = 2
/** Of a longer one the first octets: 2^40 and more is as good as no limit, and a negative one stays negative. */
const maxIntegerBytes = 6

/**
 * A name without what OpenSSL does not look at when it compares names (case, white space, order within an RDN), and
 * without a little more: to take two names for one is the safe side here.
 */
function comparable(name: string | undefined): string {
  const attributes = (name ?? '').toLowerCase().split(/\n| \+ /)
  const bare = attributes.map((attribute) => attribute.replace(/\\0[9a-d]|[\\\s]/g, ''))
  return bare.sort().join('\n')
}

/** anyExtendedKeyUsage does not count: OpenSSL does not take it for clientAuth either. */
export function allowsClientAuth({ structure }: JudgedCertificate): boolean {
  const extension = structure.extensions.get(extensionOids.extKeyUsage)
  return !extension || children(readDer(extension.value)).map(oidOf).includes(purposeOids.clientAuth)
}

/** Whether a BIT STRING has one of the bits; true where the extension is absent, which means anything goes. */
export function hasBit({ structure }: JudgedCertificate, oid: string, anyOf: number): boolean {
  const extension = structure.extensions.get(oid)
  if (!extension) return true
  const [unusedBits = 0, firstOctet = 0, ...more] = bytesOf(readDer(extension.value))
  const significant = more.length > 0 ? firstOctet : (firstOctet >> unusedBits) << unusedBits
  return (significant & anyOf) !== 0
}

/** Whether a critical extension is none that is processed here. */
export function hasUnknownCritical({ structure }: JudgedCertificate): boolean {
  return [...structure.extensions].some(([oid, { critical }]) => critical && !processed.has(oid))
}

/** Whether OpenSSL would process an extension that is not processed here, critical or not. */
export function hasUnprocessed({ structure }: JudgedCertificate): boolean {
  return unprocessed.some((oid) => structure.extensions.has(oid))
}

/** Whether a certificate is signed over a digest that OpenSSL accepts at security level 1: not MD5, not SHA-1. */
export function isStronglySigned({ signature }: CertificateStructure): boolean {
  if (signature.oid !== rsaPssOid) return strongSignatureOids.has(signature.oid)
  // RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm DEFAULT sha1, … } (RFC 4055 §3.1)
  const digest = signature.parameters && children(signature.parameters).find((part) => Number(part.type) === 0)
  return digest !== undefined && strongDigestOids.has(oidOf(children(children(digest)[0])[0]))
}

/** Whether an RSA key is shorter than OpenSSL takes in a handshake at security level 1. */
export function hasShortKey({ x509 }: JudgedCertificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey
  const isRsa = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss'
  return isRsa && !((asymmetricKeyDetails?.modulusLength ?? 0) >= 1024)
}

const objectIdentifierTag = 6

/** Whether an EC key spells the parameters of its curve out. */
export function hasUnnamedCurve({ x509, structure }: JudgedCertificate): boolean {
  return x509.publicKey.asymmetricKeyType === 'ec' && Number(structure.keyParameters?.type) !== objectIdentifierTag
}

const plainTimes: Record<number, RegExp> = { 23: /^\d{12}Z$/, 24: /^\d{14}Z$/ } // UTCTime, GeneralizedTime

/** Whether both ends of the validity have seconds and no offset (RFC 5280 §4.1.2.5). */
export function hasPlainTimes({ structure }: JudgedCertificate): boolean {
  return structure.times.every((time) => plainTimes[Number(time.type)]?.test(bytesOf(time).toString('latin1')))
}
