import forge from 'node-forge'
import { CertificateError, reasonOf } from './certificate-error.ts'

/** A node of a DER document. */
export type Asn1 = forge.asn1.Asn1

/** An extension of a certificate. */
export interface Extension {
  critical: boolean
  /** The DER inside its OCTET STRING, if it is DER: unknown extensions may hold anything. */
  value: Buffer
}

/** What node's X509Certificate does not tell of a certificate. */
export interface CertificateStructure {
  /** Object identifier of the signature's algorithm, and its parameters where it has some. */
  signature: { oid: string; parameters: Asn1 | undefined }
  /** notBefore and notAfter as written. */
  times: readonly Asn1[]
  issuer: Asn1
  subject: Asn1
  /** Parameters of the key's algorithm: the curve of an EC key. */
  keyParameters: Asn1 | undefined
  /** By object identifier. */
  extensions: ReadonlyMap<string, Extension>
}

const { asn1 } = forge
// the types know the older, boolean form of this argument only
const options = { strict: true, decodeBitStrings: false } as unknown as boolean
const extensionsTag = 3

/**
 * The parts of a certificate (RFC 5280 §4.1) that OpenSSL has read but node does not show.
 *
 * @throws {CertificateError} when it is not DER
 */
export function readStructure(der: Uint8Array): CertificateStructure {
  try {
    const [tbs, signature] = children(readDer(der))
    return structureOf(children(tbs), children(signature))
  } catch (thrown) {
    throw new CertificateError(`the certificate is not DER: ${reasonOf(thrown)}`)
  }
}

/** The node that fills the bytes. @throws {Error} when they are not DER */
export function readDer(der: Uint8Array): Asn1 {
  return asn1.fromDer(Buffer.from(der).toString('binary'), options)
}

/** What a constructed node is made of. @throws {Error} on a primitive one */
export function children(node: Asn1 | undefined): Asn1[] {
  if (!node || !Array.isArray(node.value)) throw new Error('a part is missing')
  return node.value
}

/** The bytes of a primitive node. @throws {Error} on a constructed one */
export function bytesOf(node: Asn1 | undefined): Buffer {
  if (!node || typeof node.value !== 'string') throw new Error('a value is missing')
  return Buffer.from(node.value, 'binary')
}

/** The text of an object identifier. */
export function oidOf(node: Asn1 | undefined): string {
  return asn1.derToOid(bytesOf(node).toString('binary'))
}

function structureOf(tbs: Asn1[], [oid, parameters]: Asn1[]): CertificateStructure {
  const isVersioned = tbs[0]?.tagClass === asn1.Class.CONTEXT_SPECIFIC // a version 1 certificate says no version
  const [, , issuer, validity, subject, key, ...optional] = isVersioned ? tbs.slice(1) : tbs
  const list = optional.find((node) => Number(node.type) === extensionsTag)
  return {
    signature: { oid: oidOf(oid), parameters },
    times: children(validity),
    issuer: issuer!,
    subject: subject!,
    keyParameters: children(children(key)[0])[1],
    extensions: extensionsOf(list ? children(children(list)[0]) : []),
  }
}

function extensionsOf(nodes: Asn1[]): ReadonlyMap<string, Extension> {
  const extensions = new Map(nodes.map(extensionOf))
  if (extensions.size < nodes.length) throw new Error('an extension stands in it twice') // RFC 5280 §4.2
  return extensions
}

/** SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }; any octet but zero is TRUE, as OpenSSL takes it. */
function extensionOf(node: Asn1): [string, Extension] {
  const parts = children(node)
  const critical = parts.length > 2 && bytesOf(parts[1])[0] !== 0
  return [oidOf(parts[0]), { critical, value: bytesOf(parts.at(-1)) }]
}
