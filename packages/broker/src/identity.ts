import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { inspectCertificate, type CertificateFacts } from '@apsaramq/pki'

/** Who the TLS layer says the client is. Asked, not judged: the verdict does that. */
export type Identity =
  | { kind: 'none' }
  | { kind: 'unreadable'; detail: string }
  | { kind: 'certificate'; facts: CertificateFacts; certificate: X509Certificate }

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
      return { kind: 'certificate', facts: factsOf(certificate), certificate }
    } catch (thrown) {
      return { kind: 'unreadable', detail: thrown instanceof Error ? thrown.message : String(thrown) }
    }
  }
}
