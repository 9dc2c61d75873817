import { sign, type KeyObject } from 'node:crypto'

/** A device certificate that was issued, and what of it each copy has of its own. */
export interface CertificateTemplate {
  der: Uint8Array
  /** Hex, as the certificate has it; each copy's is as long. */
  sn: string
  /** Of the subject; each copy's has as many bytes. */
  commonName: string
}

/** Makes a certificate like the template with another serial number and common name, signed anew; DER. */
export type CertificateCopier = (sn: string, commonName: string) => Buffer

const [sequence, bitString] = [0x30, 0x03]

/** Where the content of the DER value at `at` begins and ends (X.690 §8.1.3). */
function contentAt(der: Uint8Array, at: number): { from: number; to: number } {
  const first = der[at + 1]!
  const more = first < 0x80 ? 0 : first & 0x7f
  const bytes = der.subarray(at + 2, at + 2 + more)
  const length = more === 0 ? first : bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { from: at + 2 + more, to: at + 2 + more + length }
}

function wrap(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0)
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), ...content])
}

/** Where the only such bytes stand. @throws {Error} where they stand nowhere or twice: they could not be told apart */
function onlyPlace(bytes: Buffer, wanted: Buffer, what: string): number {
  const at = bytes.indexOf(wanted)
  if (at < 0 || bytes.includes(wanted, at + 1)) throw new Error(`the template does not hold its ${what} once`)
  return at
}

/**
 * A copier of an EC CA's certificates: issuing one as the emulator does costs a key and a hundred times as much.
 * All copies have the key of the template.
 *
 * @param key of the CA that issued the template, on P-256
 */
export function certificateCopier(template: CertificateTemplate, key: KeyObject): CertificateCopier {
  const der = Buffer.from(template.der)
  const { from } = contentAt(der, 0)
  const { to } = contentAt(der, from)
  const tbs = der.subarray(from, to)
  const algorithm = der.subarray(to, contentAt(der, to).to)
  const snAt = onlyPlace(tbs, Buffer.from(template.sn, 'hex'), 'serial number')
  const nameAt = onlyPlace(tbs, Buffer.from(template.commonName), 'common name')
  return (sn, commonName) => {
    if (sn.length !== template.sn.length || commonName.length !== template.commonName.length)
      throw new Error(`${sn} and ${commonName} are not as long as those of the template`)
    const copy = Buffer.from(tbs)
    copy.write(sn, snAt, 'hex')
    copy.write(commonName, nameAt)
    const signature = wrap(bitString, Buffer.of(0), sign('sha256', copy, key))
    return wrap(sequence, copy, algorithm, signature)
  }
}
