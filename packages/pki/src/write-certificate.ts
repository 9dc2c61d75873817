import { sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import forge from 'node-forge'
import { CertificateError } from './certificate-error.ts'
import { extensionOids } from './oids.ts'
import { children, readDer, type Asn1 } from './structure.ts'
import type { CertificateTemplate } from './template.ts'

const { asn1, pki } = forge
const { Class, Type } = asn1

// exported by the library since 0.7, missing in its types
const { getTBSCertificate } = pki as unknown as { getTBSCertificate(certificate: forge.pki.Certificate): Asn1 }

// TBSCertificate ::= SEQUENCE { version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … }
const signatureAt = 2
const issuerAt = 3
const publicKeyAt = 6

/**
 * Signs a template and gives the DER. node-forge lays the certificate out, OpenSSL signs it; what forge cannot say
 * (keys and signatures other than RSA, names other than those it wrote itself) is put in its place as it is.
 *
 * @throws {CertificateError} when the issuer's key is of a kind that signs no certificates here
 */
export function writeCertificate(template: CertificateTemplate): Uint8Array {
  const scheme = signatureSchemeOf(template.issuer.key)
  const tbs = getTBSCertificate(layoutOf(template))
  const parts = children(tbs)
  parts[signatureAt] = scheme.algorithm
  if (template.issuer.name) parts[issuerAt] = readDer(template.issuer.name)
  parts[publicKeyAt] = readDer(template.publicKey)
  const signature = sign(scheme.digest, derOfNode(tbs), template.issuer.key)
  const bits = asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${binary(signature)}`)
  return derOfNode(sequence([tbs, scheme.algorithm, bits]))
}

/** The DER of a node. */
export function derOfNode(node: Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'binary')
}

/** How a key signs. */
export interface SignatureScheme {
  /** For OpenSSL; null where the algorithm brings its own. */
  digest: 'sha256' | null
  algorithm: Asn1
}

const schemes: Record<string, SignatureScheme> = {
  // RFC 4055 §5: the parameters are NULL; RFC 5758 §3.2 and RFC 8410 §3: there are none
  rsa: {
    digest: 'sha256',
    algorithm: algorithm('1.2.840.113549.1.1.11', [asn1.create(Class.UNIVERSAL, Type.NULL, false, '')]),
  },
  ec: { digest: 'sha256', algorithm: algorithm('1.2.840.10045.4.3.2') },
  ed25519: { digest: null, algorithm: algorithm('1.3.101.112') },
}

/** How certificates and lists are signed with a key. @throws {CertificateError} on a kind that signs none here */
export function signatureSchemeOf(key: KeyObject): SignatureScheme {
  const scheme = schemes[key.asymmetricKeyType ?? '']
  if (!scheme)
    throw new CertificateError(`a CA with a key of the kind ${key.asymmetricKeyType} issues no certificates here`)
  return scheme
}

function algorithm(oid: string, parameters: Asn1[] = []): Asn1 {
  return sequence([asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(oid).getBytes()), ...parameters])
}

function sequence(parts: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts)
}

// forge lays out RSA keys only; the real key takes the place of this one
const placeholder = pki.setRsaPublicKey(new forge.jsbn.BigInteger('1'), new forge.jsbn.BigInteger('1'))
// the library compares this field with types, its types say it is a class
const utf8 = Type.UTF8 as unknown as forge.asn1.Class

function layoutOf(template: CertificateTemplate): forge.pki.Certificate {
  const certificate = pki.createCertificate()
  certificate.serialNumber = template.serialNumber
  certificate.validity.notBefore = template.validFrom
  certificate.validity.notAfter = template.validUntil
  certificate.publicKey = placeholder
  const subject = [{ shortName: 'CN', value: template.commonName, valueTagClass: utf8 }]
  certificate.setSubject(subject)
  certificate.setIssuer(subject)
  certificate.siginfo.algorithmOid = pki.oids['sha256WithRSAEncryption']!
  certificate.setExtensions(extensionsOf(template))
  return certificate
}

function extensionsOf({ extensions, keyIdentifier, issuer }: CertificateTemplate): object[] {
  const { isCa, extendedKeyUsage, names } = extensions
  const keyUsage = Object.fromEntries(extensions.keyUsage.map((usage) => [usage, true]))
  const list: object[] = [
    { name: 'basicConstraints', critical: isCa, cA: isCa },
    { name: 'keyUsage', critical: true, ...keyUsage },
    {
      id: extensionOids.subjectKeyIdentifier,
      value: asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, binary(keyIdentifier)),
    },
  ]
  if (issuer.keyIdentifier) list.push({ name: 'authorityKeyIdentifier', keyIdentifier: binary(issuer.keyIdentifier) })
  if (extendedKeyUsage) list.push({ name: 'extKeyUsage', [extendedKeyUsage]: true })
  if (names) list.push({ name: 'subjectAltName', altNames: names.map(altNameOf) })
  return list
}

// GeneralName ::= CHOICE { …, dNSName [2], …, iPAddress [7], … } (RFC 5280 §4.2.1.6)
function altNameOf(name: string): object {
  return isIP(name) ? { type: 7, ip: name } : { type: 2, value: name }
}

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('binary')
}
