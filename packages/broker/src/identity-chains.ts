import { X509Certificate } from 'node:crypto'
import type { DeviceCertificate } from '@apsaramq/model'
import { createBoundedMap } from '@apsaramq/pki'

/** Remembers the intermediate certificates of verified paths: a resumed TLS session does not bring them again. */
export interface KnownChains {
  /** @param fingerprint of the device certificate @returns the chain as its record keeps it */
  remember(fingerprint: string, chain: readonly X509Certificate[]): readonly string[]
  recall(fingerprint: string): readonly X509Certificate[] | undefined
}

/** Different intermediate certificates kept once, however many chains they stand in. */
const certificateCapacity = 1000

/** @param capacity chains remembered at most; the one unused for longest is forgotten first */
export function createKnownChains(capacity = 10_000): KnownChains {
  const certificates = createBoundedMap<{ x509: X509Certificate; base64: string }>(certificateCapacity)
  const chains = new Map<string, readonly X509Certificate[]>()
  const kept = (x509: X509Certificate) =>
    certificates.getOrMake(x509.fingerprint256, () => ({ x509, base64: x509.raw.toString('base64') }))
  return {
    remember(fingerprint, chain) {
      const known = chain.map(kept)
      chains.delete(fingerprint)
      if (known.length > 0)
        chains.set(
          fingerprint,
          known.map(({ x509 }) => x509),
        )
      if (chains.size > capacity) chains.delete(chains.keys().next().value!)
      return known.map(({ base64 }) => base64)
    },
    recall: (fingerprint) => chains.get(fingerprint),
  }
}

/** The chain that a record keeps. @throws the error of OpenSSL where it is no certificate */
export function chainOf({ chain = [] }: Pick<DeviceCertificate, 'chain'>): X509Certificate[] {
  return chain.map((base64) => new X509Certificate(Buffer.from(base64, 'base64')))
}
