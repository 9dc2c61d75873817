import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { createBoundedMap, inspectCertificate, maxIntermediates, type CertificateFacts } from '@apsaramq/pki'

/** Who the TLS layer says the client is. Asked, not judged: the verdict does that. */
export type Identity =
  | { kind: 'none' }
  | { kind: 'unreadable'; detail: string }
  | { kind: 'certificate'; facts: CertificateFacts; certificate: X509Certificate; beside: Beside; issuers: string[] }

/** What came with a certificate. */
export interface Beside {
  /** Whether the TLS session was resumed: then nothing comes with the certificate, whatever came with it at first. */
  resumed: boolean
  /** Certificates that the client sent beside its own: the issuer first, then its issuer; read when they are asked for. */
  sent(): readonly X509Certificate[]
}

/** Reads the identity of a socket whose handshake is done. */
export type ReadIdentity = (socket: TLSSocket) => Identity

interface KnownCertificate {
  facts: CertificateFacts
  certificate: X509Certificate
}

/**
 * A reader of identities that remembers certificates and what they say, by fingerprint.
 *
 * @param capacity certificates remembered at most; the one unused for longest is forgotten first
 */
export function createIdentityReader(capacity = 1024): ReadIdentity {
  const known = createBoundedMap<KnownCertificate>(capacity)
  return (socket) => {
    try {
      // on a resumed TLS session this is the certificate of the first one: it is judged like any other.
      // getPeerX509Certificate() of Node.js 20 would never give back the 5 kB that each call takes
      const { raw, fingerprint256 } = socket.getPeerCertificate() as Partial<DetailedPeerCertificate>
      if (!raw || !fingerprint256) return { kind: 'none' }
      const { facts, certificate } = known.getOrMake(fingerprint256, () => readCertificate(raw))
      return { kind: 'certificate', facts, certificate, beside: besideOf(socket), issuers: [facts.issuer] }
    } catch (thrown) {
      return { kind: 'unreadable', detail: thrown instanceof Error ? thrown.message : String(thrown) }
    }
  }
}

function readCertificate(der: Buffer): KnownCertificate {
  const certificate = new X509Certificate(der)
  return { certificate, facts: inspectCertificate(certificate) }
}

function besideOf(socket: TLSSocket): Beside {
  let sent: readonly X509Certificate[] | undefined
  return { resumed: socket.isSessionReused(), sent: () => (sent ??= sentBy(socket)) }
}

/** Those that can have issued one another: OpenSSL leaves aside what else was sent. */
function sentBy(socket: TLSSocket): X509Certificate[] {
  const sent: X509Certificate[] = []
  let one = socket.getPeerCertificate(true) as Partial<DetailedPeerCertificate> | null // null once it has closed
  while (one?.issuerCertificate && one.issuerCertificate !== one && sent.length < maxIntermediates) {
    one = one.issuerCertificate
    sent.push(new X509Certificate(one.raw!))
  }
  return sent
}
