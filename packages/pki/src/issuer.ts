import type { KeyObject, X509Certificate } from 'node:crypto'
import { CertificateError } from './certificate-error.ts'
import { parseCertificate } from './inspect.ts'
import { readKey } from './keys.ts'
import { extensionOids } from './oids.ts'
import { bytesOf, readDer, readStructure } from './structure.ts'
import type { Issuer } from './template.ts'
import { derOfNode } from './write-certificate.ts'

/** A private key and its certificate, both PEM. */
export interface KeyAndCertificate {
  /** PKCS#8. */
  key: string
  certificate: string
}

/** CAs made ready before: reading a private key costs as much as two signatures. */
const opened = new WeakMap<KeyAndCertificate, KeyAndCertificate & { issuer: Issuer }>()

/**
 * A CA made ready to sign; kept for as long as the object that was given.
 *
 * @throws {CertificateError} when key or certificate cannot be read, do not belong together, or are no CA's
 */
export function openCa(ca: KeyAndCertificate): Issuer {
  const before = opened.get(ca)
  if (before?.key === ca.key && before.certificate === ca.certificate) return before.issuer
  const issuer = readCa(ca)
  opened.set(ca, { key: ca.key, certificate: ca.certificate, issuer })
  return issuer
}

function readCa(ca: KeyAndCertificate): Issuer {
  const certificate = parseCertificate(ca.certificate)
  const key = readKey(ca.key)
  if (!certificate.ca) throw new CertificateError('the issuing certificate is not a CA: no BasicConstraints CA:TRUE')
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError('the private key does not belong to the CA certificate')
  }
  return issuerOf(certificate, key)
}

function issuerOf(certificate: X509Certificate, key: KeyObject): Issuer {
  const { subject, extensions } = readStructure(certificate.raw)
  const identifier = extensions.get(extensionOids.subjectKeyIdentifier)
  return {
    name: derOfNode(subject),
    keyIdentifier: identifier && bytesOf(readDer(identifier.value)),
    key,
  }
}
