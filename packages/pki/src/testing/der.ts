import forge from 'node-forge'
import { readDer, type Asn1 } from '../structure.ts'

// DER by hand, as hex: what is spoiled on purpose no library writes

/** The bytes of hex text; blanks may stand in it. */
export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

/** A node of hex text. */
export function node(hex: string): Asn1 {
  return readDer(fromHex(hex))
}

/** A value with its tag and length. */
export function wrap(tag: string, ...hex: string[]): string {
  const body = hex.join('').replaceAll(' ', '')
  const length = body.length / 2
  const size = length < 128 ? '' : length < 256 ? '81' : '82'
  return `${tag}${size}${length.toString(16).padStart(length < 256 ? 2 : 4, '0')}${body}`
}

/** An object identifier. */
export function oid(text: string): string {
  return wrap('06', forge.asn1.oidToDer(text).toHex())
}

/** The characters of a text, without a tag. */
export function ascii(text: string): string {
  return Buffer.from(text).toString('hex')
}

/** A UTCTime of YYMMDDhhmmssZ, or of anything else. */
export function utcTime(text: string): string {
  return wrap('17', ascii(text))
}

/** A GeneralizedTime of YYYYMMDDhhmmssZ, or of anything else. */
export function generalizedTime(text: string): string {
  return wrap('18', ascii(text))
}

/** A name of one common name. */
export function commonName(text: string): string {
  return wrap('30', wrap('31', wrap('30', oid('2.5.4.3'), wrap('0c', ascii(text)))))
}
