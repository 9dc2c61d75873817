import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { serialNumberKey, type Clock } from '@apsaramq/model'
import {
  CertificateError,
  createPathVerifier,
  inspectCertificate,
  pemOfDer,
  type CertificateFacts,
} from '@apsaramq/pki'
import type { SeedPath } from './seed-document.ts'
import type { SeedFaults } from './seed-faults.ts'
import type { SeedContent } from './seed-schema.ts'

/** A certificate that was read. */
export interface ReadCertificate {
  pem: string
  facts: CertificateFacts
}

/** A CA of a seed; without `own` it is the emulator's. */
export interface SeedCa {
  name: string
  instance: string
  status: 'active' | 'inactive'
  own: { certificate: ReadCertificate; verification: ReadCertificate | undefined } | undefined
}

/** A device of a seed, under the CA of this index. */
export interface SeedDevice {
  ca: number
  status: 'active' | 'inactive'
  certificate: ReadCertificate
}

/** Reads the certificates of a seed. */
export interface CertificateReader {
  /** The certificate of a PEM text or a path; undefined, and a fault, where there is none. */
  read(written: string, path: SeedPath): ReadCertificate | undefined
}

/** A reader of paths relative to a seed file. */
export function certificateReader(file: string, faults: SeedFaults): CertificateReader {
  return {
    read(written, path) {
      try {
        const pem = written.includes('-----BEGIN') ? written : readFileSync(resolve(dirname(file), written), 'utf8')
        const facts = inspectCertificate(pem)
        return { pem: pemOfDer(facts.der), facts }
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (!(error instanceof CertificateError) && code === undefined) throw error
        const cure =
          code === undefined ? 'give PEM text or the path of a PEM file' : 'the path is relative to the seed file'
        faults.add(path, `is no certificate that can be read: ${message}; ${cure}`)
        return undefined
      }
    },
  }
}

/** Reads and checks the CAs of a seed; one with a fault is undefined. */
export function readCas(
  { cas = [] }: SeedContent,
  reader: CertificateReader,
  faults: SeedFaults,
): (SeedCa | undefined)[] {
  const read = cas.map(({ name, instance, status = 'active', certificate, verification }, at): SeedCa | undefined => {
    if (certificate === undefined) return { name, instance, status, own: undefined }
    const own = reader.read(certificate, ['cas', at, 'certificate'])
    const proof = verification === undefined ? undefined : reader.read(verification, ['cas', at, 'verification'])
    if (!own) return undefined
    if (!own.facts.isCa)
      faults.add(['cas', at, 'certificate'], 'is not the certificate of a CA: its basic constraints do not say CA:TRUE')
    return { name, instance, status, own: { certificate: own, verification: proof } }
  })
  const known = read.filter((ca) => ca !== undefined)
  // LIMITS A-13
  faults.twice(
    known,
    ({ own }) => (own ? serialNumberKey(own.certificate.facts.sn) : 'the CA of the emulator'),
    (at) => ['cas', read.indexOf(known[at])],
    'a CA with this serial number in the region',
  )
  return read
}

/** Reads and checks the devices of a seed. */
export function readDevices(
  { cas = [], devices = [] }: SeedContent,
  read: readonly (SeedCa | undefined)[],
  { reader, faults, clock }: { reader: CertificateReader; faults: SeedFaults; clock: Clock },
): SeedDevice[] {
  const verifier = createPathVerifier()
  const found = devices.map(({ ca: name, instance, status = 'active', certificate }, at): SeedDevice | undefined => {
    const path = ['devices', at, 'certificate']
    const ca = cas.findIndex((one) => one.name === name && (instance ?? one.instance) === one.instance)
    const own = reader.read(certificate, path)
    const issuer = read[ca]
    if (!own || !issuer) return undefined
    if (!issuer.own) {
      faults.add(
        path,
        `cannot be under ${name}: the emulator makes that CA, so no file can hold its devices; "device create --registered" issues them`,
      )
      return undefined
    }
    const { pem, facts } = issuer.own.certificate
    const anchor = { certificate: pem, fingerprint: facts.fingerprint }
    const verdict = verifier.verify(new X509Certificate(own.pem), [anchor], clock.now())
    // one that has expired may have been registered before
    if (!verdict.ok && !verdict.cause.startsWith('certificate-'))
      faults.add(path, `was not issued by the CA ${name}: ${verdict.detail}; name the CA that has issued it`)
    return { ca, status, certificate: own }
  })
  const known = found.filter((device) => device !== undefined)
  faults.twice(
    known,
    ({ ca, certificate }) => `${ca}/${serialNumberKey(certificate.facts.sn)}`,
    (at) => ['devices', found.indexOf(known[at]), 'certificate'],
    'a certificate of this serial number under its CA',
  )
  return known
}
