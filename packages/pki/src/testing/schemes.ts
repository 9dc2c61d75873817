import { constants, sign, type KeyObject } from 'node:crypto'
import { oid, wrap } from './der.ts'

/** A signature algorithm. */
export interface Scheme {
  /** Hex of its AlgorithmIdentifier. */
  algorithm: string
  sign(tbs: Buffer, key: KeyObject): Buffer
}

const rsa = (algorithm: string, digest: string): Scheme => ({
  algorithm: wrap('30', oid(algorithm), '0500'),
  sign: (tbs, key) => sign(digest, tbs, key),
})

const ecdsa = (algorithm: string, digest: string): Scheme => ({
  algorithm: wrap('30', oid(algorithm)),
  sign: (tbs, key) => sign(digest, tbs, key),
})

const pss = (parameters: string, digest: string, saltLength: number): Scheme => ({
  algorithm: wrap('30', oid('1.2.840.113549.1.1.10'), parameters),
  sign: (tbs, key) => sign(digest, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
})

const ed25519: Scheme = { algorithm: wrap('30', oid('1.3.101.112')), sign: (tbs, key) => sign(null, tbs, key) }

const sha256Id = wrap('30', oid('2.16.840.1.101.3.4.2.1'), '0500')
const mgf1 = wrap('30', oid('1.2.840.113549.1.1.8'), sha256Id)

/** Signature algorithms by the kind of the signing key. */
export const schemes = {
  rsa: {
    sha256: rsa('1.2.840.113549.1.1.11', 'sha256'),
    sha512: rsa('1.2.840.113549.1.1.13', 'sha512'),
    sha1: rsa('1.2.840.113549.1.1.5', 'sha1'),
    md5: rsa('1.2.840.113549.1.1.4', 'md5'),
    pss: pss(wrap('30', wrap('a0', sha256Id), wrap('a1', mgf1), wrap('a2', '020120')), 'sha256', 32),
    pssSha1: pss('3000', 'sha1', 20),
  },
  ec: {
    sha256: ecdsa('1.2.840.10045.4.3.2', 'sha256'),
    sha512: ecdsa('1.2.840.10045.4.3.4', 'sha512'),
    sha1: ecdsa('1.2.840.10045.4.1', 'sha1'),
  },
  ed25519: { sha256: ed25519 },
}
