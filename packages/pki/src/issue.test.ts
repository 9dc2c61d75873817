import { X509Certificate } from 'node:crypto'
import { manualClock, systemRandom } from '@apsaramq/model'
import { expect, vi } from 'vitest'
import { CertificateError } from './certificate-error.ts'
import { inspectCertificate } from './inspect.ts'
import { issueCa, issueDevice, issueServer, issueVerification } from './issue.ts'
import { makeSerialNumber } from './serial.ts'
import { readStructure } from './structure.ts'
import { openssl, testWithOpenssl as test, verifiedByOpenssl } from './testing/openssl.ts'
import { schemes } from './testing/schemes.ts'
import { part, partAt, resign } from './testing/spoil.ts'
import { ascii, oid, wrap } from './testing/der.ts'
import { readKey } from './keys.ts'

vi.setConfig({ testTimeout: 60_000 }) // RSA keys and openssl processes on a machine that may be busy

const now = Date.UTC(2026, 5, 1)
const dayMs = 24 * 3600_000
const deps = { clock: manualClock(now), random: systemRandom }
const attime = (instant: number) => ['-attime', String(instant / 1000)]
const [rsaCa, ecCa] = await Promise.all([
  issueCa({ commonName: 'Prüf 设备 CA' }, deps),
  issueCa({ commonName: 'Prüf 设备 CA', keyType: 'ec' }, deps),
])
const cas = { rsa: rsaCa, ec: ecCa }
const kinds = [
  ['rsa', 'rsa'],
  ['rsa', 'ec'],
  ['ec', 'rsa'],
  ['ec', 'ec'],
] as const

/** Extensions of a certificate as openssl prints them, without its identifiers. */
async function extensionsOf(pem: string): Promise<string[]> {
  const shown = 'basicConstraints,keyUsage,extendedKeyUsage,subjectAltName'
  const { stdout } = await openssl(['x509', '-in', 'c.pem', '-noout', '-ext', shown], { 'c.pem': pem })
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

test.for(kinds)(
  'K1: openssl takes what an %s CA issues for %s keys for its purpose, strictly',
  async ([caType, keyType]) => {
    const ca = cas[caType]
    const device = await issueDevice({ ca, commonName: 'GID_demo@@@ü', keyType }, deps)
    const server = await issueServer(
      { ca, names: ['localhost', '127.0.0.1', '::1', '*.mqtt.aliyuncs.com'], keyType },
      deps,
    )
    const strict = ['-x509_strict', ...attime(now)]
    const leaves = { device: device.certificate, server: server.certificate }
    const answers = await Promise.all([
      verifiedByOpenssl(ca.certificate, leaves, [...strict, '-purpose', 'sslclient']),
      verifiedByOpenssl(ca.certificate, leaves, [...strict, '-purpose', 'sslserver']),
      verifiedByOpenssl(ca.certificate, leaves, [...strict, '-verify_hostname', 'x.mqtt.aliyuncs.com']),
      verifiedByOpenssl(ca.certificate, leaves, [...strict, '-verify_ip', '::1']),
      verifiedByOpenssl(ca.certificate, leaves, attime(now + 398 * dayMs)),
    ])
    expect(answers).toEqual([['device'], ['server'], ['server'], ['server'], []])
  },
)

test.for(kinds)(
  'under an %s CA a certificate of an %s key has the extensions of its kind',
  async ([caType, keyType]) => {
    const ca = cas[caType]
    const device = await issueDevice({ ca, commonName: 'd', keyType }, deps)
    const server = await issueServer({ ca, names: ['localhost', '127.0.0.1'], keyType }, deps)
    const usage = keyType === 'rsa' ? 'Digital Signature, Key Encipherment' : 'Digital Signature'
    const common = [
      'X509v3 Basic Constraints:',
      'CA:FALSE',
      'X509v3 Key Usage: critical',
      usage,
      'X509v3 Extended Key Usage:',
    ]
    expect(await extensionsOf(device.certificate)).toEqual([...common, 'TLS Web Client Authentication'])
    expect(await extensionsOf(server.certificate)).toEqual([
      ...common,
      'TLS Web Server Authentication',
      'X509v3 Subject Alternative Name:',
      'DNS:localhost, IP Address:127.0.0.1',
    ])
  },
)

test.for(['rsa', 'ec'] as const)('an %s CA signs itself for ten years', async (keyType) => {
  const { key, certificate } = cas[keyType]
  const x509 = new X509Certificate(certificate)
  const { validFrom, validUntil, ...facts } = inspectCertificate(certificate)
  expect([validFrom, validUntil]).toEqual([now - 60_000, now - 60_000 + 3650 * dayMs])
  expect(facts).toMatchObject({ commonName: 'Prüf 设备 CA', isCa: true, keyType })
  expect([x509.verify(x509.publicKey), x509.checkPrivateKey(readKey(key))]).toEqual([true, true])
  expect(await extensionsOf(certificate)).toEqual([
    'X509v3 Basic Constraints: critical',
    'CA:TRUE',
    'X509v3 Key Usage: critical',
    'Certificate Sign, CRL Sign',
  ])
})

test.for(['rsa', 'ec'] as const)('the verification certificate of an %s CA names the register code', async (caType) => {
  const registerCode = '13274673-8f90-4630-bea1-9cccb25756ad2089123456'
  const { key, certificate } = await issueVerification({ ca: cas[caType], registerCode }, deps)
  expect(inspectCertificate(certificate)).toMatchObject({ commonName: registerCode, isCa: false, keyType: caType })
  expect(new X509Certificate(certificate).checkPrivateKey(readKey(key))).toBe(true)
  expect(await verifiedByOpenssl(cas[caType].certificate, { it: certificate }, attime(now))).toEqual(['it'])
})

const attribute = (id: string, tag: string, hex: string) => wrap('30', oid(id), wrap(tag, hex))

test('the name of a CA is taken over as it is, whatever its structure', async () => {
  const name = wrap(
    '30',
    wrap('31', attribute('2.5.4.3', '1e', '8bbe5907'), attribute('2.5.4.10', '0c', ascii('Müller'))),
    wrap('31', attribute('2.5.4.11', '14', 'e9')),
  )
  const certificate = resign(
    rsaCa.certificate,
    (parts) => {
      part(partAt.subject, name)(parts)
      part(partAt.issuer, name)(parts)
    },
    { key: readKey(rsaCa.key), scheme: schemes.rsa.sha256 },
  )
  const device = await issueDevice({ ca: { key: rsaCa.key, certificate }, commonName: 'd', keyType: 'ec' }, deps)
  expect(inspectCertificate(device.certificate).issuer).toBe(inspectCertificate(certificate).subject)
  expect(await verifiedByOpenssl(certificate, { device: device.certificate }, attime(now))).toEqual(['device'])
})

test.for([
  ['1', '01'],
  ['AB', '00ab'],
  ['00f26900ba87', '00f26900ba87'],
  ['f'.repeat(40), `00${'f'.repeat(40)}`],
  ['7'.repeat(128), '7'.repeat(128)],
])('K1: the serial number %s is the one of the certificate', async ([sn, shown]) => {
  const { certificate } = await issueDevice({ ca: ecCa, commonName: 'd', keyType: 'ec', sn: sn! }, deps)
  const { stdout } = await openssl(['x509', '-in', 'c.pem', '-noout', '-serial'], { 'c.pem': certificate })
  expect(inspectCertificate(certificate).sn).toBe(shown)
  expect(stdout.replaceAll('\\\n', '').trim().toLowerCase()).toBe(`serial=${shown!.replace(/^00(?=.)/, '')}`)
})

const serialNumberOf = (...bytes: number[]) =>
  makeSerialNumber({ bytes: (count) => Uint8Array.from({ length: count }, (_, at) => bytes[at] ?? 0) })

test('a serial number of chance is positive, never zero and at most 16 bytes long', () => {
  expect([serialNumberOf(0xff), serialNumberOf(), serialNumberOf(0x80, 0x80)]).toEqual([
    `7f${'00'.repeat(15)}`,
    '01',
    `0080${'00'.repeat(14)}`,
  ])
})

test.for([
  ['expired', { validUntil: now - 1000 }, now - 1000 - 365 * dayMs, now - 1000],
  ['not yet valid', { validFrom: now + dayMs }, now + dayMs, now + 366 * dayMs],
  ['short', { validUntil: now + 1999 }, now - 60_000, now + 1000],
  ['past 2050', { validUntil: Date.UTC(2050, 0, 1) }, now - 60_000, Date.UTC(2050, 0, 1)],
  ['to the last second of 2049', { validUntil: Date.UTC(2050, 0, 1) - 1 }, now - 60_000, Date.UTC(2050, 0, 1) - 1000],
  [
    'begun in 1970, without an end',
    { validFrom: 0, validUntil: Date.UTC(9999, 11, 31, 23, 59, 59) },
    0,
    Date.UTC(9999, 11, 31, 23, 59, 59),
  ],
] as const)('K1: a validity can be asked for: %s', async ([, validity, from, until]) => {
  const { certificate } = await issueDevice({ ca: ecCa, commonName: 'd', keyType: 'ec', ...validity }, deps)
  const { validFrom, validUntil } = inspectCertificate(certificate)
  expect([validFrom, validUntil]).toEqual([from, until])
  expect(await verifiedByOpenssl(cas.ec.certificate, { it: certificate }, ['-no_check_time'])).toEqual(['it'])
})

const timeTypesUntil = async (validUntil: number) => {
  const { certificate } = await issueDevice({ ca: ecCa, commonName: 'd', keyType: 'ec', validUntil }, deps)
  return readStructure(new X509Certificate(certificate).raw).times.map(({ type }) => Number(type))
}

test('times are UTCTime up to 2049 and GeneralizedTime from 2050 on', async () => {
  expect(await timeTypesUntil(Date.UTC(2050, 0, 1) - 1)).toEqual([23, 23])
  expect(await timeTypesUntil(Date.UTC(2050, 0, 1))).toEqual([23, 24])
})

test.for([
  ['', {}, 'a common name has 1 to 64 characters, none of them U+0000'],
  ['x'.repeat(65), {}, 'a common name has 1 to 64 characters, none of them U+0000'],
  ['a\0b', {}, 'a common name has 1 to 64 characters, none of them U+0000'],
  ['d', { sn: '' }, 'a serial number is 1 to 128 hex digits'],
  ['d', { sn: '-1' }, 'a serial number is 1 to 128 hex digits'],
  ['d', { sn: '0x10' }, 'a serial number is 1 to 128 hex digits'],
  ['d', { sn: '0000' }, 'a serial number must not be zero'],
  ['d', { sn: 'f'.repeat(128) }, 'with its leading zero byte the serial number exceeds 128 hex digits'],
  ['d', { validFrom: now, validUntil: now }, 'validUntil must be later than validFrom'],
  ['d', { validFrom: Number.NaN }, 'validFrom and validUntil must be milliseconds between the years 1970 and 9999'],
  ['d', { validUntil: Infinity }, 'validFrom and validUntil must be milliseconds between the years 1970 and 9999'],
  ['d', { validFrom: -1 }, 'validFrom and validUntil must be milliseconds between the years 1970 and 9999'],
] as const)('a request that cannot be met is refused with a reason (%#)', async ([commonName, request, message]) => {
  const asked = issueDevice({ ca: ecCa, commonName, keyType: 'ec', ...request }, deps)
  await expect(asked).rejects.toThrow(new CertificateError(message))
})

test('a CA that cannot issue is refused with a reason', async () => {
  const device = await issueDevice({ ca: ecCa, commonName: 'd', keyType: 'ec' }, deps)
  const under = (key: string, certificate: string) =>
    issueDevice({ ca: { key, certificate }, commonName: 'd', keyType: 'ec' }, deps)
  await expect(under(device.key, device.certificate)).rejects.toThrow(
    new CertificateError('the issuing certificate is not a CA: no BasicConstraints CA:TRUE'),
  )
  await expect(under(rsaCa.key, ecCa.certificate)).rejects.toThrow(
    new CertificateError('the private key does not belong to the CA certificate'),
  )
  await expect(under('rubbish', ecCa.certificate)).rejects.toThrow(/^the private key cannot be read: /)
  await expect(under(ecCa.key, 'rubbish')).rejects.toThrow(/^there is no PEM: /)
})

test.for(['no_such host', '', 'a..b', '1.2.3.4.', '-x'])('%j is no name of a server', async (name) => {
  await expect(issueServer({ ca: ecCa, names: ['localhost', name], keyType: 'ec' }, deps)).rejects.toThrow(
    new CertificateError(`a name of the server is neither a DNS name nor an IP address: ${name}`),
  )
})

test('a server needs a name that fits a common name; longer ones stand beside it', async () => {
  const long = `${'x'.repeat(60)}.example`
  const { certificate } = await issueServer({ ca: ecCa, names: [long, 'localhost'], keyType: 'ec' }, deps)
  expect(inspectCertificate(certificate).commonName).toBe('localhost')
  await expect(issueServer({ ca: ecCa, names: [long] }, deps)).rejects.toThrow(
    new CertificateError('a server certificate needs a name of at most 64 characters'),
  )
})

test('K1: a CA that another CA signs issues devices, and openssl takes the whole chain, strictly', async () => {
  const between = await issueCa({ ca: rsaCa, commonName: 'between', keyType: 'ec' }, deps)
  const device = await issueDevice({ ca: between, commonName: 'device', keyType: 'ec' }, deps)
  const strictly = ['-x509_strict', '-purpose', 'sslclient', ...attime(now)]
  const files = {
    'ca.pem': rsaCa.certificate,
    'between.pem': between.certificate,
    'device.pem': device.certificate,
  }
  const { stdout } = await openssl(
    ['verify', '-CAfile', 'ca.pem', '-untrusted', 'between.pem', ...strictly, 'device.pem'],
    files,
  )
  expect(stdout).toBe('device.pem: OK\n')
  expect(inspectCertificate(between.certificate)).toMatchObject({ isCa: true, commonName: 'between' })
})
