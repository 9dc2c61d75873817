import { createHash, X509Certificate } from 'node:crypto'
import { manualClock, systemRandom } from '@apsaramq/model'
import { expect, test, vi } from 'vitest'
import { CertificateError } from './certificate-error.ts'
import { inspectCertificate } from './inspect.ts'
import { issueCa, issueDevice } from './issue.ts'
import { readKey } from './keys.ts'
import { timeOfPrinted } from './printed-time.ts'
import { ascii, oid, utcTime, wrap } from './testing/der.ts'
import { openssl, testWithOpenssl } from './testing/openssl.ts'
import { schemes } from './testing/schemes.ts'
import { part, partAt, resign, validity } from './testing/spoil.ts'

vi.setConfig({ testTimeout: 60_000 }) // openssl processes on a machine that may be busy

const now = Date.UTC(2026, 5, 1)
const deps = { clock: manualClock(now), random: systemRandom }
const ca = await issueCa({ commonName: 'inspected CA', keyType: 'ec' }, deps)
const device = await issueDevice({ ca, commonName: 'GID_demo@@@1', keyType: 'ec', sn: 'AB' }, deps)
const signing = { key: readKey(ca.key), scheme: schemes.ec.sha256 }

test('a certificate is read whole from PEM, DER, PEM bytes and from the object of node', () => {
  const x509 = new X509Certificate(device.certificate)
  const facts = {
    sn: '00ab',
    subject: 'CN=GID_demo@@@1',
    issuer: 'CN=inspected CA',
    commonName: 'GID_demo@@@1',
    validFrom: now - 60_000,
    validUntil: now - 60_000 + 365 * 24 * 3600_000,
    fingerprint: createHash('sha256').update(x509.raw).digest('hex'),
    isCa: false,
    keyType: 'ec',
    der: x509.raw,
  }
  const inputs = [device.certificate, new Uint8Array(x509.raw), Buffer.from(device.certificate), x509]
  expect(inputs.map(inspectCertificate)).toEqual([facts, facts, facts, facts])
})

test('a CA is told from a device', () => {
  expect([ca, device].map(({ certificate }) => inspectCertificate(certificate).isCa)).toEqual([true, false])
})

testWithOpenssl('escaped, multi-valued and empty subjects have the common name openssl was given', async () => {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-']
  const commonNames = await Promise.all(
    ['/O=Müller+CN=a\\+b, c', '/CN=first/CN=zz "q" <x>;\\\\é/OU=x', '/'].map(async (subject) => {
      const { stdout } = await openssl([...request, '-utf8', '-multivalue-rdn', '-subj', subject])
      return inspectCertificate(stdout.slice(stdout.indexOf('-----BEGIN CERTIFICATE-----'))).commonName
    }),
  )
  expect(commonNames).toEqual(['a+b, c', 'zz "q" <x>;\\é', ''])
})

const named = (tag: string, hex: string) =>
  resign(
    device.certificate,
    part(partAt.subject, wrap('30', wrap('31', wrap('30', oid('2.5.4.3'), wrap(tag, hex))))),
    signing,
  )

test('common names of every string type are read', () => {
  const names = [
    named('13', ascii('printable')),
    named('16', ascii('a@b')),
    named('14', 'e9'),
    named('1e', '8bbe5907'),
    named('1c', '0001f600'),
    named('0c', ''),
  ]
  expect(names.map((pem) => inspectCertificate(pem).commonName)).toEqual(['printable', 'a@b', 'é', '设备', '😀', ''])
})

test.for([
  [
    'a negative serial number',
    part(partAt.serial, '0201ff'),
    'the serial number is negative or too long for the API: -01',
  ],
  [
    'a fraction of a second',
    validity(wrap('18', ascii('20260101000000.5Z')), utcTime('270101000000Z')),
    'the validity of the certificate cannot be read: Jan  1 00:00:00.5 2026 GMT',
  ],
] as const)('a certificate with %s is refused', ([, spoil, message]) => {
  expect(() => inspectCertificate(resign(device.certificate, spoil, signing))).toThrow(new CertificateError(message))
})

test('whatever the bytes are, the answer is a certificate or a CertificateError', () => {
  const der = Buffer.from(new X509Certificate(device.certificate).raw)
  const flipped = Array.from({ length: der.length * 2 }, (_, index) => {
    const bytes = Buffer.from(der)
    bytes[index >> 1]! ^= index % 2 ? 0x80 : 1 + (index % 0x7f)
    return bytes
  })
  const inputs: (string | Uint8Array)[] = [
    '',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    new Uint8Array(),
    Buffer.concat([der, Buffer.from([0])]),
    Buffer.alloc(1 << 20, 0x30),
    'x'.repeat(1 << 20),
    '-----BEGIN '.repeat(5000),
    ...Array.from({ length: 200 }, (_, index) => Buffer.concat([Buffer.from([0x30]), systemRandom.bytes(index * 3)])),
    ...Array.from({ length: der.length }, (_, length) => der.subarray(0, length)),
    ...flipped,
  ]
  const strangers = inputs.map(outcomeOf).filter((outcome) => outcome !== 'read' && outcome !== 'CertificateError')
  expect(strangers).toEqual([])
})

function outcomeOf(input: string | Uint8Array): string {
  try {
    inspectCertificate(input)
    return 'read'
  } catch (thrown) {
    return thrown instanceof CertificateError ? thrown.name : String(thrown)
  }
}

test('a printed time is the instant it names, in the year 50 too', () => {
  expect(timeOfPrinted('Apr 10 04:24:15 2054 GMT')).toBe(Date.UTC(2054, 3, 10, 4, 24, 15))
  expect(timeOfPrinted('Jan  1 00:00:00 0050 GMT')).toBe(new Date('0050-01-01T00:00:00Z').getTime())
  expect(timeOfPrinted('Feb 29 23:59:59 2028 GMT')).toBe(Date.UTC(2028, 1, 29, 23, 59, 59))
  expect(() => timeOfPrinted('Bad time value')).toThrow(CertificateError)
})
