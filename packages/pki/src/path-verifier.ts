import type { X509Certificate } from 'node:crypto'
import { createBoundedMap } from './bounded-map.ts'
import { reasonOf } from './certificate-error.ts'
import { fingerprintOf, inspectCertificate, parseCertificate, type CertificateFacts } from './inspect.ts'
import { pathRules, type JudgedCertificate, type Path } from './path-rules.ts'
import { readStructure } from './structure.ts'

/** Why a path is refused; each is a cause of the event log. */
export type PathRefusal = 'ca-unknown' | 'chain-invalid' | 'certificate-expired' | 'certificate-not-yet-valid'

/** What a path verifier answers; `detail` is for a log. */
export type PathVerdict<A> = { ok: true; anchor: A } | { ok: false; cause: PathRefusal; detail: string }

/** A registered CA. */
export interface Anchor {
  /** PEM. */
  certificate: string
  /** SHA-256 of its DER, lower-case hex. */
  fingerprint: string
}

/** Judges whether a registered CA vouches for a certificate. */
export interface PathVerifier {
  /**
   * Which of `anchors` issued `leaf` itself, so that it may be a TLS client at `now`. Never admits what
   * `openssl verify -purpose sslclient` refuses (with -partial_chain where a registered CA is not self-signed), and
   * never throws. LIMITS A-28
   *
   * @param anchors registered CAs whose subject is the leaf's issuer; the one whose key verifies wins
   * @param now wall-clock milliseconds
   */
  verify<A extends Anchor>(leaf: X509Certificate, anchors: readonly A[], now: number): PathVerdict<A>
}

interface Refusal {
  cause: PathRefusal
  detail: string
  /** Whether the signature on the certificate was found to be this CA's. */
  isSigned: boolean
}

const noAnchor = { cause: 'ca-unknown', detail: 'no registered CA has the name of the issuer' } as const

/** Anchor certificates kept parsed. */
const anchorCapacity = 1000

/**
 * A verifier that remembers, for the last `capacity` pairs of certificate and CA, what does not depend on time:
 * signature and rules. Validity is judged at each call, of the certificate and of the CA.
 */
export function createPathVerifier({ capacity = 10_000 }: { capacity?: number } = {}): PathVerifier {
  const paths = createBoundedMap<JudgedPath>(capacity)
  const anchors = createBoundedMap<JudgedCertificate>(Math.min(capacity, anchorCapacity))
  const openAnchor = (anchor: Anchor) => anchors.getOrMake(anchor.fingerprint, () => readAnchor(anchor))
  return {
    verify(leaf, candidates, now) {
      if (candidates.length === 0) return { ok: false, ...noAnchor }
      const fingerprint = fingerprintOf(leaf)
      const refusals: Refusal[] = []
      for (const anchor of candidates) {
        const pair = `${fingerprint}/${anchor.fingerprint}`
        const path = paths.getOrMake(pair, () => judgePath(leaf, anchor, openAnchor))
        const refusal = refusalAt(path, now)
        if (!refusal) return { ok: true, anchor }
        refusals.push(refusal)
      }
      const { cause, detail } = refusals.find(({ isSigned }) => isSigned) ?? refusals[0]!
      return { ok: false, cause, detail }
    },
  }
}

type Validity = Pick<CertificateFacts, 'validFrom' | 'validUntil'>

/** What is known of a path for good: why it is refused at any time, or when it is valid. */
type JudgedPath = { refusal: string; isSigned: boolean } | { leaf: Validity; anchor: Validity }

function judgePath(
  leaf: X509Certificate,
  anchor: Anchor,
  openAnchor: (anchor: Anchor) => JudgedCertificate,
): JudgedPath {
  let isSigned = false
  try {
    const ca = openAnchor(anchor)
    const unsigned = unsignedBecause(leaf, ca.x509)
    if (unsigned) return { refusal: unsigned, isSigned }
    isSigned = true
    const path: Path = { leaf: judged(leaf), anchor: ca }
    const rule = pathRules.find(({ refuses }) => refuses(path))
    return rule ? { refusal: rule.detail, isSigned } : { leaf: validityOf(leaf), anchor: validityOf(ca.x509) }
  } catch (thrown) {
    return { refusal: `the path cannot be read: ${reasonOf(thrown)}`, isSigned }
  }
}

function readAnchor(anchor: Anchor): JudgedCertificate {
  const certificate = parseCertificate(anchor.certificate)
  if (fingerprintOf(certificate) === anchor.fingerprint) return judged(certificate)
  throw new Error('the registered CA certificate does not have the fingerprint it is registered with')
}

/** OpenSSL's own checks: names, key identifiers and key usage; the signature. */
function unsignedBecause(leaf: X509Certificate, ca: X509Certificate): string | undefined {
  if (!leaf.checkIssued(ca)) return 'the CA certificate is not the issuer: name, key identifier or key usage do not fit'
  if (!leaf.verify(ca.publicKey)) return 'the signature is not one of the key of the CA certificate'
  return undefined
}

function judged(x509: X509Certificate): JudgedCertificate {
  return { x509, structure: readStructure(x509.raw) }
}

function validityOf(x509: X509Certificate): Validity {
  const { validFrom, validUntil } = inspectCertificate(x509)
  return { validFrom, validUntil }
}

function refusalAt(path: JudgedPath, now: number): Refusal | undefined {
  if ('refusal' in path) return { cause: 'chain-invalid', detail: path.refusal, isSigned: path.isSigned }
  return invalidAt(path.leaf, now, 'the certificate') ?? invalidAt(path.anchor, now, 'the CA certificate')
}

/** As OpenSSL has it: valid from the second of notBefore, and no longer in that of notAfter. */
function invalidAt({ validFrom, validUntil }: Validity, now: number, which: string): Refusal | undefined {
  if (now < validFrom) {
    return expiry('certificate-not-yet-valid', `${which} is valid from ${new Date(validFrom).toISOString()}`)
  }
  if (now < validUntil) return undefined
  return expiry('certificate-expired', `${which} was valid until ${new Date(validUntil).toISOString()}`)
}

function expiry(cause: PathRefusal, detail: string): Refusal {
  return { cause, detail, isSigned: true }
}
