import { X509Certificate } from 'node:crypto'
import { manualClock, systemRandom } from '@apsaramq/model'
import { expect, test, vi } from 'vitest'
import { inspectCertificate } from './inspect.ts'
import { issueCa, issueDevice, issueVerification } from './issue.ts'
import { readKey } from './keys.ts'
import { pemOfDer } from './pem.ts'
import { checkRegistration, RegistrationError } from './registration.ts'
import { commonName, utcTime } from './testing/der.ts'
import { schemes } from './testing/schemes.ts'
import { instead, part, partAt, resign, validity, without, type Spoil } from './testing/spoil.ts'
import { ext } from './testing/spoils.ts'

vi.setConfig({ testTimeout: 60_000 }) // RSA keys on a machine that may be busy

const now = Date.UTC(2026, 5, 1)
const deps = { clock: manualClock(now), random: systemRandom }
const registerCode = '13274673-8f90-4630-bea1-9cccb25756ad2089123456'

const ca = await issueCa({ commonName: 'a CA', keyType: 'ec' }, deps)
const namesake = await issueCa({ commonName: 'a CA', keyType: 'ec' }, deps)
const stranger = await issueCa({ commonName: 'another CA', keyType: 'ec' }, deps)
const verification = await issueVerification({ ca, registerCode }, deps)
const signing = { key: readKey(ca.key), scheme: schemes.ec.sha256 }

const check = (caContent: string, verificationContent: string) =>
  checkRegistration({ caContent, verificationContent, now })
const spoiledCa = (spoil: Spoil) => resign(ca.certificate, spoil, signing)
const spoiledVerification = (spoil: Spoil, scheme = schemes.ec.sha256) =>
  resign(verification.certificate, spoil, { ...signing, scheme })

test.for(['rsa', 'ec'] as const)(
  'C2: an %s CA that proves possession is read, with the register code',
  async (keyType) => {
    const issued = await issueCa({ commonName: 'a CA', keyType }, deps)
    const proof = await issueVerification({ ca: issued, registerCode }, deps)
    expect(check(issued.certificate, proof.certificate)).toEqual({
      ca: inspectCertificate(issued.certificate),
      registerCode,
    })
  },
)

test('a verification certificate of another kind of key, made as for a device, proves possession too', async () => {
  const proof = await issueDevice({ ca, commonName: registerCode, keyType: 'rsa' }, deps)
  expect(check(ca.certificate, proof.certificate).registerCode).toBe(registerCode)
})

test('newlines may be written as backslash and n, and text may stand around the PEM', () => {
  const caContent = `Certificate:\n  Data\n${ca.certificate}`.replaceAll('\n', '\\n')
  const answer = check(caContent, verification.certificate.replaceAll('\n', '\\n'))
  expect(answer).toEqual({ ca: inspectCertificate(ca.certificate), registerCode })
})

test('a CA that another one issued can be registered', () => {
  const intermediate = spoiledCa(part(partAt.issuer, commonName('a root')))
  expect(check(intermediate, verification.certificate).ca.issuer).toBe('CN=a root')
})

const past = validity(utcTime('250101000000Z'), utcTime('260601000000Z'))
const future = validity(utcTime('260601000001Z'), utcTime('270101000000Z'))
const rubbish = 'MIIBrubb'

test.for<[() => string, () => string, string]>([
  [
    () => '',
    () => verification.certificate,
    'the CA certificate cannot be used: there is no PEM: the text has no -----BEGIN CERTIFICATE-----',
  ],
  [
    () => ca.certificate,
    () => 'x',
    'the verification certificate cannot be used: there is no PEM: the text has no -----BEGIN CERTIFICATE-----',
  ],
  [
    () => ca.key,
    () => verification.certificate,
    'the CA certificate cannot be used: the PEM holds a PRIVATE KEY, not a CERTIFICATE',
  ],
  [
    () => ca.certificate + stranger.certificate,
    () => verification.certificate,
    'the CA certificate cannot be used: the PEM holds more than one block; give one certificate',
  ],
  [
    () => pemOfDer(Buffer.from(rubbish, 'base64')),
    () => verification.certificate,
    'the CA certificate cannot be used: the bytes are no X.509 certificate in DER',
  ],
  [
    () => pemOfDer(Buffer.concat([new X509Certificate(ca.certificate).raw, Buffer.from('x')])),
    () => verification.certificate,
    'the CA certificate cannot be used: the bytes are not the DER of one certificate and nothing else',
  ],
  [
    () => verification.certificate,
    () => verification.certificate,
    'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
  ],
  [
    () => spoiledCa(without(ext.bc)),
    () => verification.certificate,
    'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
  ],
  [
    () => spoiledCa(instead(ext.ku, '03020102', true)),
    () => verification.certificate,
    'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing',
  ],
  [() => spoiledCa(future), () => verification.certificate, 'the CA certificate is not valid yet'],
  [() => spoiledCa(past), () => verification.certificate, 'the CA certificate has expired'],
  [
    () => resign(ca.certificate, () => {}, { ...signing, flip: true }),
    () => verification.certificate,
    'the CA certificate names itself as its issuer, but its signature is not its own',
  ],
  [() => ca.certificate, () => ca.certificate, 'the verification certificate is the CA certificate itself'],
  [
    () => stranger.certificate,
    () => verification.certificate,
    'the issuer of the verification certificate is not the CA',
  ],
  [
    () => namesake.certificate,
    () => verification.certificate,
    'the issuer of the verification certificate is not the CA',
  ],
  [
    () => namesake.certificate,
    () => spoiledVerification(without(ext.aki)),
    'the verification certificate is not signed with the key of the CA',
  ],
  [
    () => ca.certificate,
    () => spoiledVerification(() => {}, schemes.ec.sha1),
    'the verification certificate is signed with a weak or unknown algorithm',
  ],
  [() => ca.certificate, () => spoiledVerification(future), 'the verification certificate is not valid yet'],
  [() => ca.certificate, () => spoiledVerification(past), 'the verification certificate has expired'],
  [
    () => ca.certificate,
    () => spoiledVerification(part(partAt.subject, '3000')),
    'the verification certificate has no common name',
  ],
])('C2: a registration is refused with its own reason (%#)', ([caContent, verificationContent, message]) => {
  expect(() => check(caContent(), verificationContent())).toThrow(new RegistrationError(message))
})

test('whatever the texts are, the answer is a registration or a RegistrationError', () => {
  const der = Buffer.from(new X509Certificate(ca.certificate).raw)
  const spoiled = Array.from({ length: der.length >> 1 }, (_, index) => {
    const bytes = Buffer.from(der)
    bytes[index * 2]! ^= 1 << (index % 8)
    return bytes
  })
  const texts = [
    'x'.repeat(1 << 20),
    '-----BEGIN CERTIFICATE-----'.repeat(2000),
    ca.certificate.slice(0, -20),
    ...[...spoiled, ...Array.from({ length: 100 }, (_, length) => systemRandom.bytes(length))].map((one) =>
      pemOfDer(one),
    ),
  ]
  const outcomes = texts.flatMap((text) => [
    outcomeOf(text, verification.certificate),
    outcomeOf(ca.certificate, text),
    outcomeOf(text, text),
  ])
  expect(outcomes.filter((outcome) => outcome !== 'read' && outcome !== 'RegistrationError')).toEqual([])
})

function outcomeOf(caContent: string, verificationContent: string): string {
  try {
    check(caContent, verificationContent)
    return 'read'
  } catch (thrown) {
    return thrown instanceof RegistrationError ? thrown.name : String(thrown)
  }
}
