import type { X509Certificate } from 'node:crypto'
import { mayBeOneName, mayNotSign, type JudgedCertificate } from './certificate-rules.ts'
import type { CertificateFacts } from './inspect.ts'

/** When a certificate is valid. */
export type Validity = Pick<CertificateFacts, 'validFrom' | 'validUntil'>

/** A certificate that may stand between a device's and a registered CA. */
export interface Intermediate extends JudgedCertificate {
  validity: Validity
}

/** Where a search ended. */
export type Search = { found: true; intermediates: Intermediate[] } | { found: false; detail: string }

const notIssuer = 'the CA certificate is not the issuer: name, key identifier or key usage do not fit'
const noLink = 'the certificates sent with it do not lead to the CA: name, key identifier or key usage do not fit'
const forbidden = 'a certificate sent with it has the name of an issuer, and a key usage that forbids it to sign'

/**
 * The one path that OpenSSL would look at: at each step the registered CA goes before what was sent, and of what was
 * sent the first that fits and is valid. It looks at names, key identifiers and key usage only, and goes through no
 * certificate twice; whether the path is good is not asked here.
 *
 * @param open reads a certificate that was sent; asked only of those that fit
 * @param now wall-clock milliseconds
 */
export function searchPath(
  leaf: X509Certificate,
  anchor: X509Certificate,
  sent: readonly X509Certificate[],
  open: (certificate: X509Certificate) => Intermediate,
  now: number,
): Search {
  const intermediates: Intermediate[] = []
  for (let current = leaf; !current.checkIssued(anchor); current = intermediates.at(-1)!.x509) {
    const seen = [leaf, ...intermediates.map(({ x509 }) => x509)]
    const unseen = sent.filter((one) => !seen.some(({ raw }) => raw.equals(one.raw)))
    const next = issuerOf(current, unseen, open, now)
    if (!next) return { found: false, detail: sent.length === 0 ? notIssuer : noLink }
    if (next === 'forbidden') return { found: false, detail: forbidden }
    intermediates.push(next)
  }
  return { found: true, intermediates }
}

function issuerOf(
  subject: X509Certificate,
  among: readonly X509Certificate[],
  open: (certificate: X509Certificate) => Intermediate,
  now: number,
): Intermediate | 'forbidden' | undefined {
  const fitting = among.filter((one) => subject.checkIssued(one))
  const namesakes = among.filter((one) => !fitting.includes(one) && mayBeOneName(one.subject, subject.issuer))
  if (namesakes.map(open).some(mayNotSign)) return 'forbidden' // OpenSSL might choose it, and fail
  const isValid = ({ validity }: Intermediate) => now >= validity.validFrom && now < validity.validUntil
  const valid = fitting.find((one) => isValid(open(one))) ?? fitting[0]
  return valid && open(valid)
}
