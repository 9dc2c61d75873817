import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { inspectCertificate, maxIntermediates, type CertificateFacts } from '@apsaramq/pki'

/** Who the TLS layer says the client is. Asked, not judged: the verdict does that. */
export type Identity =
  | { kind: 'none' }
  | { kind: 'unreadable'; detail: string }
  | { kind: 'certificate'; facts: CertificateFacts; certificate: X509Certificate; beside: Beside; issuers: string[] }

/** What came with a certificate. */
export interface Beside {
  /** Whether the TLS session was resumed: then nothing comes with the certificate, whatever came with it at first. */
  resumed: boolean
  /** The certificates that the client sent beside its own, in its order; read when they are asked for. */
  sent(): readonly X509Certificate[]
}

/** Reads the identity of a socket whose handshake is done. */
export type ReadIdentity = (socket: TLSSocket) => Identity

/**
 * A reader of identities that remembers what certificates say, by fingerprint.
 *
 * @param capacity certificates remembered at most; the one unused for longest is forgotten first
 */
export function createIdentityReader(capacity = 1024): ReadIdentity {
  const known = new Map<string, CertificateFacts>()
  function factsOf(certificate: X509Certificate): CertificateFacts {
    const key = certificate.fingerprint256
    const facts = known.get(key) ?? inspectCertificate(certificate)
    known.delete(key)
    known.set(key, facts)
    if (known.size > capacity) known.delete(known.keys().next().value!)
    return facts
  }
  return (socket) => {
    // on a resumed TLS session this is the certificate of the first one: it is judged like any other
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) return { kind: 'none' }
    try {
      const facts = factsOf(certificate)
      const beside = besideOf(certificate, socket.isSessionReused())
      return { kind: 'certificate', facts, certificate, beside, issuers: [facts.issuer] }
    } catch (thrown) {
      return { kind: 'unreadable', detail: thrown instanceof Error ? thrown.message : String(thrown) }
    }
  }
}

function besideOf(certificate: X509Certificate, resumed: boolean): Beside {
  let sent: readonly X509Certificate[] | undefined
  return { resumed, sent: () => (sent ??= sentWith(certificate)) }
}

/** To node each certificate that was sent is the issuer of the one before it, whether it has issued it or not. */
function sentWith(certificate: X509Certificate): X509Certificate[] {
  const sent: X509Certificate[] = []
  for (let next = certificate.issuerCertificate; next && sent.length < maxIntermediates;) {
    sent.push(next)
    next = next.issuerCertificate
  }
  return sent
}
