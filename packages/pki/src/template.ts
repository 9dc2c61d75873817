import type { KeyObject } from 'node:crypto'

/** Bits of a key usage that are issued here. */
export type KeyUsage = 'digitalSignature' | 'keyEncipherment' | 'keyCertSign' | 'cRLSign'

/** The extensions of a certificate, beside the identifiers of its keys. */
export interface ExtensionProfile {
  isCa: boolean
  keyUsage: readonly KeyUsage[]
  extendedKeyUsage?: 'clientAuth' | 'serverAuth'
  /** DNS names and IP addresses of the subject. */
  names?: readonly string[]
}

/** Who signs: what of the CA goes into the certificate, and its key. */
export interface Issuer {
  /** DER of the subject, taken over byte by byte; undefined where the certificate signs itself. */
  name: Uint8Array | undefined
  /** Subject key identifier; undefined where the CA has none. */
  keyIdentifier: Uint8Array | undefined
  key: KeyObject
}

/** A certificate before it is signed. */
export interface CertificateTemplate {
  /** Hex of the DER integer's bytes. */
  serialNumber: string
  commonName: string
  validFrom: Date
  validUntil: Date
  /** DER of the SubjectPublicKeyInfo. */
  publicKey: Uint8Array
  keyIdentifier: Uint8Array
  extensions: ExtensionProfile
  issuer: Issuer
}
