import {
  allowsClientAuth,
  digitalSignature,
  hasBit,
  hasOneName,
  hasPlainTimes,
  hasShortKey,
  hasUnknownCritical,
  hasUnnamedCurve,
  hasUnprocessed,
  isSelfIssued,
  isStronglySigned,
  keyAgreement,
  pathLengthOf,
  sslClient,
  type JudgedCertificate,
} from './certificate-rules.ts'
import { extensionOids } from './oids.ts'

/** A device certificate, those between it and a registered CA, and the registered CA; each is signed by the next. */
export interface Path {
  leaf: JudgedCertificate
  /** The leaf's issuer first; none where the registered CA issued the leaf itself. */
  intermediates: readonly JudgedCertificate[]
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
    detail:
      'an intermediate certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
    refuses: ({ intermediates }) => intermediates.some(({ x509 }) => !x509.ca),
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
    // one whose key identifiers say another issuer is a new key of an old CA (RFC 5280 §3.2)
    detail: 'an intermediate certificate is its own issuer, but is not the registered CA',
    refuses: ({ intermediates }) => intermediates.some(({ x509 }) => x509.checkIssued(x509)),
  },
  {
    detail: 'there are more intermediate certificates than the path length constraint of a CA certificate allows',
    refuses: exceedsPathLength,
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
    detail: 'the extended key usage of an intermediate certificate is not for TLS clients',
    refuses: ({ intermediates }) => !intermediates.every(allowsClientAuth),
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
    detail: 'an intermediate certificate has a critical extension that is not understood',
    refuses: ({ intermediates }) => intermediates.some(hasUnknownCritical),
  },
  {
    detail: 'the path has name constraints, resources of RFC 3779 or a proxy certificate, none of which are processed',
    refuses: (path) => allOf(path).some(hasUnprocessed),
  },
  {
    detail: 'the certificate is signed with a weak or unknown algorithm',
    refuses: ({ leaf }) => !isStronglySigned(leaf.structure),
  },
  {
    detail: 'an intermediate certificate is signed with a weak or unknown algorithm',
    refuses: ({ intermediates }) => !intermediates.every(({ structure }) => isStronglySigned(structure)),
  },
  { detail: 'an RSA key of the path is shorter than 1024 bits', refuses: (path) => allOf(path).some(hasShortKey) },
  {
    detail: 'an EC key of the path spells its curve out instead of naming it',
    refuses: (path) => allOf(path).some(hasUnnamedCurve),
  },
  {
    detail: 'a validity of the path is not written as RFC 5280 has it',
    refuses: (path) => !allOf(path).every(hasPlainTimes),
  },
]

function allOf({ leaf, intermediates, anchor }: Path): readonly JudgedCertificate[] {
  return [leaf, ...intermediates, anchor]
}

/** Self-issued certificates are not counted (RFC 5280 §4.2.1.9). */
function exceedsPathLength({ intermediates, anchor }: Path): boolean {
  let below = 0
  for (const issuer of [...intermediates, anchor]) {
    if (below > pathLengthOf(issuer)) return true
    if (!hasOneName(issuer)) below += 1
  }
  return false
}
