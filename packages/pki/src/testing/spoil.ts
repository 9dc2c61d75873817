import { X509Certificate, type KeyObject } from 'node:crypto'
import { toHex } from '@apsaramq/model'
import { pemOfDer } from '../pem.ts'
import { children, oidOf, readDer, type Asn1 } from '../structure.ts'
import { derOfNode } from '../write-certificate.ts'
import { fromHex, node, oid, wrap } from './der.ts'
import type { Scheme } from './schemes.ts'

/** Where the parts of a TBSCertificate stand (RFC 5280 §4.1). */
export const partAt = { version: 0, serial: 1, algorithm: 2, issuer: 3, validity: 4, subject: 5, key: 6, extensions: 7 }

/** Changes the parts of a TBSCertificate in place. */
export type Spoil = (parts: Asn1[]) => void

/** Takes extensions out. */
export function without(...ids: string[]): Spoil {
  return (parts) => {
    const extensions = extensionsOf(parts)
    const kept = extensions.filter((extension) => !ids.includes(oidOf(children(extension)[0])))
    extensions.splice(0, extensions.length, ...kept)
  }
}

/** Adds an extension whose value is the DER in hex. */
export function extra(id: string, valueHex: string, critical = false): Spoil {
  const extension = wrap('30', oid(id), critical ? '0101ff' : '', wrap('04', valueHex))
  return (parts) => void extensionsOf(parts).push(node(extension))
}

/** Replaces an extension. */
export function instead(id: string, valueHex: string, critical = false): Spoil {
  return both(without(id), extra(id, valueHex, critical))
}

/** Replaces a part. */
export function part(index: number, hex: string): Spoil {
  return (parts) => void (parts[index] = node(hex))
}

/** Leaves parts out. */
export function lacking(...indexes: number[]): Spoil {
  return (parts) => {
    const kept = parts.filter((_, index) => !indexes.includes(index))
    parts.splice(0, parts.length, ...kept)
  }
}

/** Replaces notBefore and notAfter. */
export function validity(from: string, until: string): Spoil {
  return part(partAt.validity, wrap('30', from, until))
}

/** One after the other. */
export function both(first: Spoil, second: Spoil): Spoil {
  return (parts) => {
    first(parts)
    second(parts)
  }
}

function extensionsOf(parts: Asn1[]): Asn1[] {
  return children(children(parts[partAt.extensions])[0])
}

/** How a spoiled certificate is signed. */
export interface Signing {
  key: KeyObject
  scheme: Scheme
  /** Hex of the AlgorithmIdentifier outside the signed part, where it shall be another. */
  outer?: string
  /** Whether the last bit of the signature is turned. */
  flip?: boolean
}

const bases = new Map<string, Buffer>()

/** Thousands are made from a few. */
function derOfBase(base: string): Buffer {
  const der = bases.get(base) ?? new X509Certificate(base).raw
  bases.set(base, der)
  return der
}

/** PEM of a certificate that is like `base`, spoiled, and signed again. */
export function resign(base: string, spoil: Spoil, { key, scheme, outer, flip }: Signing): string {
  const tbs = children(readDer(derOfBase(base)))[0]!
  const parts = children(tbs)
  parts[partAt.algorithm] = node(scheme.algorithm)
  spoil(parts)
  const bytes = derOfNode(tbs)
  const signature = scheme.sign(bytes, key)
  if (flip) signature[signature.length - 1]! ^= 1
  return pemOfDer(fromHex(wrap('30', toHex(bytes), outer ?? scheme.algorithm, wrap('03', '00', toHex(signature)))))
}

/** Every spoil by its name, applied to one certificate. */
export function spoilAll(base: string, spoils: Record<string, Spoil>, signing: Signing): Record<string, string> {
  return Object.fromEntries(Object.entries(spoils).map(([name, spoil]) => [name, resign(base, spoil, signing)]))
}
