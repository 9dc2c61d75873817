import type { X509Certificate } from 'node:crypto'
import { createBoundedMap } from './bounded-map.ts'
import { reasonOf } from './certificate-error.ts'
import { judged } from './certificate-rules.ts'
import { fingerprintOf, inspectCertificate, parseCertificate } from './inspect.ts'
import { searchPath, type Intermediate, type Validity } from './path-builder.ts'
import { pathRules } from './path-rules.ts'

/** Why a path is refused; each is a cause of the event log. */
export type PathRefusal = 'ca-unknown' | 'chain-invalid' | 'certificate-expired' | 'certificate-not-yet-valid'

/**
 * What a path verifier answers: the nearest registered CA that vouches, and the certificates between it and the leaf,
 * the leaf's issuer first; `until` is when the first of these expires, Infinity where there are none. `detail` is for a
 * log.
 */
export type PathVerdict<A> =
  | { ok: true; anchor: A; intermediates: readonly X509Certificate[]; until: number }
  | { ok: false; cause: PathRefusal; detail: string }

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
   * Which of `anchors` vouches for `leaf`, itself or through certificates of `sent`, so that it may be a TLS client at
   * `now`. Never admits what `openssl verify -purpose sslclient -CAfile ANCHOR -untrusted SENT` refuses (with
   * -partial_chain where a registered CA is not self-signed), and never throws. LIMITS A-28
   *
   * @param anchors registered CAs whose subject is an issuer of the leaf or of a certificate that was sent; the one
   *   nearest to the leaf wins, the first of those that are equally near
   * @param now wall-clock milliseconds
   * @param sent what came with the leaf, in its order; only the first {@link maxIntermediates} are looked at
   */
  verify<A extends Anchor>(
    leaf: X509Certificate,
    anchors: readonly A[],
    now: number,
    sent?: readonly X509Certificate[],
  ): PathVerdict<A>
}

/** Certificates beside a leaf that are looked at. */
export const maxIntermediates = 8

interface Refusal {
  cause: PathRefusal
  detail: string
  /** Whether every signature from the CA to the leaf was found good. */
  isSigned: boolean
}

type Answer<A> = { anchor: A; intermediates: Intermediate[]; refusal: Refusal | undefined }

const noAnchor = { cause: 'ca-unknown', detail: 'no registered CA has the name of the issuer' } as const

/** Certificates of CAs kept parsed. */
const issuerCapacity = 1000

/**
 * A verifier that remembers, for the last `capacity` paths, what does not depend on time: signatures and rules.
 * Validity is judged at each call, of every certificate of the path.
 */
export function createPathVerifier({ capacity = 10_000 }: { capacity?: number } = {}): PathVerifier {
  const judge = createJudge(capacity)
  return {
    verify(leaf, anchors, now, sent = []) {
      const beside = sent.slice(0, maxIntermediates)
      const answers: Answer<(typeof anchors)[number]>[] = []
      for (const anchor of anchors) {
        const answer = { anchor, ...judge(leaf, anchor, beside, now) }
        answers.push(answer)
        if (!answer.refusal && answer.intermediates.length === 0) break // none is nearer
      }
      return verdictOf(answers)
    },
  }
}

function verdictOf<A>(answers: readonly Answer<A>[]): PathVerdict<A> {
  const nearestFirst = answers.toSorted((one, other) => one.intermediates.length - other.intermediates.length)
  const good = nearestFirst.find(({ refusal }) => !refusal)
  if (good) {
    const { anchor, intermediates } = good
    const until = Math.min(...intermediates.map(({ validity }) => validity.validUntil))
    return { ok: true, anchor, intermediates: intermediates.map(({ x509 }) => x509), until }
  }
  const refusals = nearestFirst.map(({ refusal }) => refusal!)
  const { cause, detail } = refusals.find(({ isSigned }) => isSigned) ?? refusals[0] ?? noAnchor
  return { ok: false, cause, detail }
}

type Judge = (
  leaf: X509Certificate,
  anchor: Anchor,
  sent: readonly X509Certificate[],
  now: number,
) => Omit<Answer<Anchor>, 'anchor'>

/** Anchors and what clients send are kept apart, so that no client can have an anchor forgotten. */
function createJudge(capacity: number): Judge {
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
      const path = paths.getOrMake(key, () => judgePath(leaf, intermediates, ca))
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

function judgePath(leaf: X509Certificate, intermediates: readonly Intermediate[], anchor: Intermediate): JudgedPath {
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
