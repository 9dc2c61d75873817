import type { X509Certificate } from 'node:crypto'
import { CertificateError, reasonOf } from './certificate-error.ts'
import { inspectCertificate, parseCertificate, type CertificateFacts } from './inspect.ts'
import { isStronglySigned } from './certificate-rules.ts'
import { readStructure } from './structure.ts'

/** A CA cannot be registered; the message says which check failed. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError'
}

/** The two PEM texts of a registration. */
export interface Registration {
  /** Exactly one CERTIFICATE block; a newline may be written as backslash and n. */
  caContent: string
  /** The certificate whose common name is the register code, signed with the CA's key. */
  verificationContent: string
  /** Wall-clock milliseconds. */
  now: number
}

/** A certificate of a registration, read. */
interface Read {
  x509: X509Certificate
  facts: CertificateFacts
}

interface RegistrationRule {
  refuses(ca: Read, verification: Read, now: number): boolean
  detail: string
}

/** What is asked of a registration once both texts are read, in order; the first that refuses wins. */
const rules: readonly RegistrationRule[] = [
  {
    detail: 'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
    refuses: ({ facts }) => !facts.isCa,
  },
  { detail: 'the CA certificate is not valid yet', refuses: ({ facts }, _, now) => now < facts.validFrom },
  { detail: 'the CA certificate has expired', refuses: ({ facts }, _, now) => now >= facts.validUntil },
  {
    detail: 'the CA certificate names itself as its issuer, but its signature is not its own',
    refuses: ({ x509 }) => x509.checkIssued(x509) && !x509.verify(x509.publicKey),
  },
  {
    detail: 'the verification certificate is the CA certificate itself',
    refuses: (ca, verification) => ca.facts.fingerprint === verification.facts.fingerprint,
  },
  {
    detail: 'the issuer of the verification certificate is not the CA',
    refuses: (ca, verification) => !verification.x509.checkIssued(ca.x509),
  },
  {
    detail: 'the verification certificate is not signed with the key of the CA',
    refuses: (ca, verification) => !verification.x509.verify(ca.x509.publicKey),
  },
  {
    detail: 'the verification certificate is signed with a weak or unknown algorithm',
    refuses: (_, { x509 }) => !isStronglySigned(readStructure(x509.raw)),
  },
  {
    detail: 'the verification certificate is not valid yet',
    refuses: (_, { facts }, now) => now < facts.validFrom,
  },
  { detail: 'the verification certificate has expired', refuses: (_, { facts }, now) => now >= facts.validUntil },
  { detail: 'the verification certificate has no common name', refuses: (_, { facts }) => facts.commonName === '' },
]

/**
 * Checks the proof of possession that registers a CA, and reads the register code from it: the common name of the
 * verification certificate. Whether the code is one of the instance and unused is not known here. LIMITS A-14
 *
 * @throws {RegistrationError} whatever the texts are, where a check fails
 */
export function checkRegistration(registration: Registration): { ca: CertificateFacts; registerCode: string } {
  const ca = read('CA', registration.caContent)
  const verification = read('verification', registration.verificationContent)
  const rule = rules.find(({ refuses }) => holds(() => refuses(ca, verification, registration.now)))
  if (rule) throw new RegistrationError(rule.detail)
  return { ca: ca.facts, registerCode: verification.facts.commonName }
}

function read(which: string, content: string): Read {
  return translate(`the ${which} certificate`, () => {
    const x509 = parseCertificate(content)
    return { x509, facts: inspectCertificate(x509) }
  })
}

function holds(question: () => boolean): boolean {
  return translate('the certificates', question)
}

/** Errors that a certificate causes become the registration's; OpenSSL's come as plain ones with a code. */
function translate<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof CertificateError || isOpenSslError(thrown)) {
      throw new RegistrationError(`${what} cannot be used: ${reasonOf(thrown)}`)
    }
    throw thrown
  }
}

function isOpenSslError(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_OSSL')
}
