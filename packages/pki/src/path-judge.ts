import type { X509Certificate } from 'node:crypto'
import { createBoundedMap } from './bounded-map.ts'
import { reasonOf } from './certificate-error.ts'
import { judged } from './certificate-rules.ts'
import { fingerprintOf, inspectCertificate, parseCertificate } from './inspect.ts'
import { searchPath, type Intermediate, type Validity } from './path-builder.ts'
import { pathRules } from './path-rules.ts'

/** Why a path is refused; each is a cause of the event log. */
export type PathRefusal = 'ca-unknown' | 'chain-invalid' | 'certificate-expired' | 'certificate-not-yet-valid'

/** A registered CA. */
export interface Anchor {
  /** PEM. */
  certificate: string
  /** SHA-256 of its DER, lower-case hex. */
  fingerprint: string
}

/** Why one path is refused. */
export interface Refusal {
  cause: PathRefusal
  detail: string
  /** Whether every signature from the CA to the leaf was found good. */
  isSigned: boolean
}

/** What a path to one CA amounts to. */
export interface Judgment {
  /** Those between, as far as a path was found; the leaf's issuer first. */
  intermediates: Intermediate[]
  /** Undefined where the path is good. */
  refusal: Refusal | undefined
}

/** Judges the path from a leaf to one CA; never throws. */
export type JudgePath = (
  leaf: X509Certificate,
  anchor: Anchor,
  sent: readonly X509Certificate[],
  now: number,
) => Judgment

/** Certificates of CAs kept parsed. */
const issuerCapacity = 1000

/**
 * A judge that remembers, for the last `capacity` paths, what does not depend on time. Anchors and what clients send
 * are kept apart, so that no client can have an anchor forgotten.
 */
export function createJudge(capacity: number): JudgePath {
  const paths = createBoundedMap<JudgedPath>(capacity)
  const anchors = createBoundedMap<Intermediate>(Math.min(capacity, issuerCapacity))
  const strangers = createBoundedMap<Intermediate>(Math.min(capacity, issuerCapacity))
  const open = (x509: X509Certificate) => strangers.getOrMake(x509.fingerprint256, () => opened(x509))
  return (leaf, anchor, sent, now) => {
    try {
      const ca = anchors.getOrMake(anchor.fingerprint, () => openAnchor(anchor))
      const search = searchPath(leaf, ca.x509, sent, open, now)
      if (!search.found) return { intermediates: [], refusal: invalid(search.detail, false) }
      const { intermediates } = search
      const chain = [leaf, ...intermediates.map(({ x509 }) => x509)]
      const key = [...chain.map(({ fingerprint256 }) => fingerprint256), anchor.fingerprint].join('/')
      const path = paths.getOrMake(key, () => judgeLinks(leaf, intermediates, ca))
      return { intermediates, refusal: refusalAt(path, now) }
    } catch (thrown) {
      return { intermediates: [], refusal: invalid(`the path cannot be read: ${reasonOf(thrown)}`, false) }
    }
  }
}

function openAnchor(anchor: Anchor): Intermediate {
  const certificate = parseCertificate(anchor.certificate)
  if (fingerprintOf(certificate) === anchor.fingerprint) return opened(certificate)
  throw new Error('the registered CA certificate does not have the fingerprint it is registered with')
}

function opened(x509: X509Certificate): Intermediate {
  return { ...judged(x509), validity: validityOf(x509) }
}

function validityOf(x509: X509Certificate): Validity {
  const { validFrom, validUntil } = inspectCertificate(x509)
  return { validFrom, validUntil }
}

/** What is known of a path for good: why it is refused at any time, or when its certificates are valid. */
type JudgedPath = { refusal: Refusal } | { validities: readonly [Validity, string][] }

function judgeLinks(leaf: X509Certificate, intermediates: readonly Intermediate[], anchor: Intermediate): JudgedPath {
  let isSigned = false
  try {
    const unsigned = unsignedBecause([leaf, ...intermediates.map(({ x509 }) => x509), anchor.x509])
    if (unsigned) return { refusal: invalid(unsigned, isSigned) }
    isSigned = true
    const path = { leaf: judged(leaf), intermediates, anchor }
    const rule = pathRules.find(({ refuses }) => refuses(path))
    if (rule) return { refusal: invalid(rule.detail, isSigned) }
    const between = intermediates.map(({ validity }) => [validity, 'an intermediate certificate'] as [Validity, string])
    return {
      validities: [[validityOf(leaf), 'the certificate'], ...between, [anchor.validity, 'the CA certificate']],
    }
  } catch (thrown) {
    return { refusal: invalid(`the path cannot be read: ${reasonOf(thrown)}`, isSigned) }
  }
}

/** From the CA down, so that no key is used that nothing registered vouches for. */
function unsignedBecause(path: readonly X509Certificate[]): string | undefined {
  for (let index = path.length - 2; index >= 0; index -= 1) {
    const isBelowCa = index === path.length - 2
    if (!path[index]!.verify(path[index + 1]!.publicKey)) {
      return isBelowCa
        ? 'the signature is not one of the key of the CA certificate'
        : 'a signature is not one of the key of the intermediate certificate above it'
    }
  }
  return undefined
}

function invalid(detail: string, isSigned: boolean): Refusal {
  return { cause: 'chain-invalid', detail, isSigned }
}

function refusalAt(path: JudgedPath, now: number): Refusal | undefined {
  if ('refusal' in path) return path.refusal
  for (const [validity, which] of path.validities) {
    const refusal = invalidAt(validity, now, which)
    if (refusal) return refusal
  }
  return undefined
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
