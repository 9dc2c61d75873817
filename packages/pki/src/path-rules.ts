import type { X509Certificate } from 'node:crypto'
import { extensionOids, purposeOids, rsaPssOid, strongDigestOids, strongSignatureOids } from './oids.ts'
import { bytesOf, children, oidOf, readDer, type CertificateStructure } from './structure.ts'

/** A certificate as the rules see it. */
export interface JudgedCertificate {
  x509: X509Certificate
  structure: CertificateStructure
}

/** A device certificate and the registered CA that signed it. */
export interface Path {
  leaf: JudgedCertificate
  anchor: JudgedCertificate
}

/** One reason for which a path is refused whatever the time; it may throw where a certificate is not DER. */
export interface PathRule {
  /** What is wrong, for a log. */
  detail: string
  refuses(path: Path): boolean
}

/**
 * What `openssl verify -purpose sslclient` asks of a path beyond names, signatures and time, in order; the first
 * that refuses wins. Whatever OpenSSL would process and these rules do not (name constraints, policies, proxies) is
 * refused, and so is what OpenSSL refuses in a TLS handshake at security level 1.
 */
export const pathRules: readonly PathRule[] = [
  {
    detail: 'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
    refuses: ({ anchor }) => !anchor.x509.ca,
  },
  {
    // OpenSSL would go on looking for its issuer
    detail: 'the CA certificate names itself as its issuer, but its key identifiers say another',
    refuses: ({ anchor }) => isSelfIssued(anchor.x509) && !anchor.x509.checkIssued(anchor.x509),
  },
  {
    // OpenSSL takes such a certificate for self-signed, and trusts it only when it is registered itself
    detail: 'the certificate names itself as its issuer, but is not the registered CA',
    refuses: ({ leaf, anchor }) => isSelfIssued(leaf.x509) && !leaf.x509.raw.equals(anchor.x509.raw),
  },
  {
    detail: 'the extended key usage of the certificate is not for TLS clients',
    refuses: ({ leaf }) => !allowsClientAuth(leaf),
  },
  {
    detail: 'the extended key usage of the CA certificate is not for TLS clients',
    refuses: ({ anchor }) => !allowsClientAuth(anchor),
  },
  {
    detail: 'the key usage of the certificate has neither digitalSignature nor keyAgreement',
    refuses: ({ leaf }) => !hasBit(leaf, extensionOids.keyUsage, digitalSignature | keyAgreement),
  },
  {
    detail: 'the Netscape certificate type of the certificate is not SSL client',
    refuses: ({ leaf }) => !hasBit(leaf, extensionOids.netscapeCertType, sslClient),
  },
  {
    detail: 'the certificate has a critical extension that is not understood',
    refuses: ({ leaf }) => hasUnknownCritical(leaf),
  },
  {
    detail: 'the CA certificate has a critical extension that is not understood',
    refuses: ({ anchor }) => hasUnknownCritical(anchor),
  },
  {
    detail: 'the path has name constraints, resources of RFC 3779 or a proxy certificate, none of which are processed',
    refuses: ({ leaf, anchor }) => hasUnprocessed(leaf) || hasUnprocessed(anchor),
  },
  {
    detail: 'the certificate is signed with a weak or unknown algorithm',
    refuses: ({ leaf }) => !isStronglySigned(leaf.structure),
  },
  {
    detail: 'an RSA key of the path is shorter than 1024 bits',
    refuses: ({ leaf, anchor }) => hasShortKey(leaf) || hasShortKey(anchor),
  },
  {
    detail: 'an EC key of the path spells its curve out instead of naming it',
    refuses: ({ leaf, anchor }) => hasUnnamedCurve(leaf) || hasUnnamedCurve(anchor),
  },
  {
    detail: 'a validity of the path is not written as RFC 5280 has it',
    refuses: ({ leaf, anchor }) => !hasPlainTimes(leaf) || !hasPlainTimes(anchor),
  },
]

// KeyUsage ::= BIT STRING (RFC 5280 §4.2.1.3); bit 0 is the highest of the first octet
const digitalSignature = 0x80
const keyAgreement = 0x08
// Netscape certificate type, bit 0
const sslClient = 0x80

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

function isSelfIssued(x509: X509Certificate): boolean {
  return x509.checkIssued(x509) || comparable(x509.subject) === comparable(x509.issuer)
}

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
function allowsClientAuth({ structure }: JudgedCertificate): boolean {
  const extension = structure.extensions.get(extensionOids.extKeyUsage)
  return !extension || children(readDer(extension.value)).map(oidOf).includes(purposeOids.clientAuth)
}

/** Whether a BIT STRING has one of the bits; true where the extension is absent, which means anything goes. */
function hasBit({ structure }: JudgedCertificate, oid: string, anyOf: number): boolean {
  const extension = structure.extensions.get(oid)
  if (!extension) return true
  const [unusedBits = 0, firstOctet = 0, ...more] = bytesOf(readDer(extension.value))
  const significant = more.length > 0 ? firstOctet : (firstOctet >> unusedBits) << unusedBits
  return (significant & anyOf) !== 0
}

function hasUnknownCritical({ structure }: JudgedCertificate): boolean {
  return [...structure.extensions].some(([oid, { critical }]) => critical && !processed.has(oid))
}

function hasUnprocessed({ structure }: JudgedCertificate): boolean {
  return unprocessed.some((oid) => structure.extensions.has(oid))
}

/** Whether a certificate is signed over a digest that OpenSSL accepts at security level 1: not MD5, not SHA-1. */
export function isStronglySigned({ signature }: CertificateStructure): boolean {
  if (signature.oid !== rsaPssOid) return strongSignatureOids.has(signature.oid)
  // RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm DEFAULT sha1, … } (RFC 4055 §3.1)
  const digest = signature.parameters && children(signature.parameters).find((part) => Number(part.type) === 0)
  return digest !== undefined && strongDigestOids.has(oidOf(children(children(digest)[0])[0]))
}

function hasShortKey({ x509 }: JudgedCertificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey
  const isRsa = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss'
  return isRsa && !((asymmetricKeyDetails?.modulusLength ?? 0) >= 1024)
}

const objectIdentifierTag = 6

function hasUnnamedCurve({ x509, structure }: JudgedCertificate): boolean {
  return x509.publicKey.asymmetricKeyType === 'ec' && Number(structure.keyParameters?.type) !== objectIdentifierTag
}

const plainTimes: Record<number, RegExp> = { 23: /^\d{12}Z$/, 24: /^\d{14}Z$/ } // UTCTime, GeneralizedTime

function hasPlainTimes({ structure }: JudgedCertificate): boolean {
  return structure.times.every((time) => plainTimes[Number(time.type)]?.test(bytesOf(time).toString('latin1')))
}
