import { sign as signLater } from 'node:crypto'
import { promisify } from 'node:util'
import { setImmediate as nextTurn } from 'node:timers/promises'
import forge from 'node-forge'
import { openCa, type KeyAndCertificate } from './issuer.ts'
import { derOfNode, signatureSchemeOf } from './write-certificate.ts'

const { asn1 } = forge
const { Class, Type } = asn1

/** A certificate on a revocation list. */
export interface RevokedCertificate {
  /** As the API shows it. */
  sn: string
  /** Epoch milliseconds. */
  at: number
}

/** What a revocation list says. */
export interface RevocationList {
  ca: KeyAndCertificate
  revoked: readonly RevokedCertificate[]
  /** Greater than that of every earlier list of the CA (RFC 5280 §5.2.3). */
  number: number
  /** Epoch milliseconds. */
  thisUpdate: number
  nextUpdate: number
}

/** Entries that are written before others get their turn: some milliseconds. */
const sliceSize = 1000

const sign = promisify(signLater)

/**
 * Writes and signs a certificate revocation list, version 2 (RFC 5280 §5), every entry with the reason certificateHold,
 * which alone can be taken back. The entries, of which there may be a hundred thousand, are written as bytes, in slices;
 * the signature is made in the thread pool.
 *
 * @returns its DER
 * @throws {CertificateError} on a CA that cannot sign
 */
export async function writeRevocationList(list: RevocationList): Promise<Uint8Array> {
  const issuer = openCa(list.ca)
  const { algorithm, digest } = signatureSchemeOf(issuer.key)
  const tbs = tagged(sequenceTag, [
    derOfNode(integer(Buffer.of(version2))),
    derOfNode(algorithm),
    issuer.name!, // of a CA that is not the certificate itself
    timeOf(list.thisUpdate),
    timeOf(list.nextUpdate),
    await entriesOf(list.revoked),
    extensionsOf(issuer.keyIdentifier, list.number),
  ])
  const signature = await sign(digest, tbs, issuer.key)
  return tagged(sequenceTag, [tbs, derOfNode(algorithm), tagged(bitStringTag, [Buffer.of(0), signature])])
}

const sequenceTag = 0x30
const bitStringTag = 0x03
const integerTag = 0x02
/** [0] of TBSCertList: crlExtensions. */
const extensionsTag = 0xa0
const version2 = 1

function tagged(tag: number, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(tag, ...lengthOf(length)), ...parts])
}

/** Definite form, as short as it can be (X.690 §10.1). */
function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §5.1.2.4). */
function timeOf(ms: number): Buffer {
  const date = new Date(ms)
  const isLate = date.getUTCFullYear() >= 2050
  const text = isLate ? asn1.dateToGeneralizedTime(date) : asn1.dateToUtcTime(date)
  return derOfNode(asn1.create(Class.UNIVERSAL, isLate ? Type.GENERALIZEDTIME : Type.UTCTIME, false, String(text)))
}

function integer(bytes: Uint8Array): forge.asn1.Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, Buffer.from(bytes).toString('binary'))
}

// Extension ::= SEQUENCE { reasonCode (2.5.29.21), OCTET STRING { ENUMERATED certificateHold (6) } }
const onHold = Buffer.from('300c300a0603551d1504030a0106', 'hex')

/** Left out where there are none: an empty list is not allowed (RFC 5280 §5.1.2.6). */
async function entriesOf(revoked: readonly RevokedCertificate[]): Promise<Buffer> {
  const slices: Buffer[] = []
  for (let from = 0; from < revoked.length; from += sliceSize) {
    slices.push(Buffer.concat(revoked.slice(from, from + sliceSize).map(entryOf)))
    await nextTurn()
  }
  return slices.length === 0 ? Buffer.alloc(0) : tagged(sequenceTag, slices)
}

function entryOf({ sn, at }: RevokedCertificate): Buffer {
  return tagged(sequenceTag, [tagged(integerTag, [Buffer.from(sn, 'hex')]), timeOf(at), onHold])
}

const authorityKeyIdentifierOid = '2.5.29.35'
const crlNumberOid = '2.5.29.20'

function extensionsOf(keyIdentifier: Uint8Array | undefined, number: number): Buffer {
  const list = [extension(crlNumberOid, derOfNode(integer(positive(number))))]
  if (keyIdentifier) {
    // AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] IMPLICIT OCTET STRING, … }
    list.unshift(extension(authorityKeyIdentifierOid, tagged(sequenceTag, [tagged(0x80, [keyIdentifier])])))
  }
  return tagged(extensionsTag, [tagged(sequenceTag, list)])
}

function extension(oid: string, value: Uint8Array): Buffer {
  const id = asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(oid).getBytes())
  return tagged(sequenceTag, [derOfNode(id), tagged(0x04, [value])])
}

/** The octets of a positive integer, its top bit clear. */
function positive(number: number): Buffer {
  const hex = number.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even, 'hex')
}
