import { X509Certificate } from 'node:crypto'
import { manualClock, systemRandom } from '@apsaramq/model'
import { expect, vi } from 'vitest'
import { CertificateError } from './certificate-error.ts'
import { issueCa, issueDevice } from './issue.ts'
import { toPkcs12 } from './pkcs12.ts'
import { openssl, testWithOpenssl as test } from './testing/openssl.ts'

vi.setConfig({ testTimeout: 60_000 }) // RSA keys on a machine that may be busy

const deps = { clock: manualClock(Date.UTC(2026, 5, 1)), random: systemRandom }
const ca = await issueCa({ commonName: 'a CA' }, deps)
const device = await issueDevice({ ca, commonName: 'GID_demo@@@ü' }, deps)

test.for(['secret', 'пароль', ''])('K1: openssl reads a PKCS#12 file with the password %j', async (password) => {
  const file = toPkcs12({ ...device, chain: [ca.certificate], password })
  const read = ['pkcs12', '-in', 'd.p12', '-nodes', '-passin', `pass:${password}`]
  const { code, stdout } = await openssl(read, { 'd.p12': file })
  const blocks = stdout.match(/-----BEGIN [^]*?-----END [A-Z ]+-----\n/g) ?? []
  const fingerprints = blocks
    .filter((one) => one.includes('CERTIFICATE'))
    .map((one) => new X509Certificate(one).fingerprint256)
  expect(code).toBe(0)
  expect(fingerprints).toEqual([device, ca].map(({ certificate }) => new X509Certificate(certificate).fingerprint256))
  expect(blocks).toContain(device.key)
})

test('another password opens nothing', async () => {
  const file = toPkcs12({ ...device, chain: [], password: 'secret' })
  const { code } = await openssl(['pkcs12', '-in', 'd.p12', '-nodes', '-passin', 'pass:other'], { 'd.p12': file })
  expect(code).toBe(1)
})

const pack =
  (request: { key: string; certificate: string }, chain: string[] = []) =>
  () =>
    toPkcs12({ ...request, chain, password: 'x' })

test('EC keys, and keys of another certificate, are refused with a reason', async () => {
  const ec = await issueDevice({ ca, commonName: 'd', keyType: 'ec' }, deps)
  const ecCa = await issueCa({ commonName: 'a CA', keyType: 'ec' }, deps)
  const rsaOnly = new CertificateError('PKCS#12 is made for RSA keys and certificates only')
  expect(pack(ec)).toThrow(rsaOnly)
  expect(pack(device, [ecCa.certificate])).toThrow(rsaOnly)
  expect(pack({ ...device, key: ca.key })).toThrow(
    new CertificateError('the private key does not belong to the certificate'),
  )
  expect(pack({ ...device, key: 'rubbish' })).toThrow(CertificateError)
})
