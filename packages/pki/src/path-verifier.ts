import type { X509Certificate } from 'node:crypto'
import { createJudge, type Anchor, type Judgment, type PathRefusal } from './path-judge.ts'

/**
 * What a path verifier answers: the nearest registered CA that vouches, and the certificates between it and the leaf,
 * the leaf's issuer first; `until` is when the first of these expires, Infinity where there are none. `detail` is for a
 * log.
 */
export type PathVerdict<A> =
  | { ok: true; anchor: A; intermediates: readonly X509Certificate[]; until: number }
  | { ok: false; cause: PathRefusal; detail: string }

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

type Answer<A> = Judgment & { anchor: A }

const noAnchor = { cause: 'ca-unknown', detail: 'no registered CA has the name of the issuer' } as const

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
