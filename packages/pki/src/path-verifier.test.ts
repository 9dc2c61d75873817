import { X509Certificate } from 'node:crypto'
import { manualClock, systemRandom } from '@apsaramq/model'
import { describe, expect, test, vi } from 'vitest'
import { fingerprintOf } from './inspect.ts'
import { issueCa, issueDevice } from './issue.ts'
import { readKey } from './keys.ts'
import { createPathVerifier } from './path-verifier.ts'
import { keyOf, writeLink, type KeyName } from './testing/chain-writer.ts'
import { oid, utcTime, wrap } from './testing/der.ts'
import { schemes } from './testing/schemes.ts'
import { instead, part, partAt, resign, validity, without } from './testing/spoil.ts'
import { ext } from './testing/spoils.ts'

const now = Date.UTC(2026, 5, 1)
const deps = { clock: manualClock(now), random: systemRandom }
const caOf = (validUntil?: number) =>
  issueCa({ commonName: 'a CA', keyType: 'ec', ...(validUntil ? { validUntil } : {}) }, deps)
const [ca, namesake, short] = await Promise.all([caOf(), caOf(), caOf(now + 1000)])
const device = await issueDevice({ ca, commonName: 'd', keyType: 'ec', validUntil: now + 5000 }, deps)
const underShort = await issueDevice({ ca: short, commonName: 'd', keyType: 'ec' }, deps)
const leaf = new X509Certificate(device.certificate)
const anchorOf = ({ certificate }: { certificate: string }) => ({
  certificate,
  fingerprint: fingerprintOf(new X509Certificate(certificate)),
})
const spoiled = (spoil: Parameters<typeof resign>[1], scheme = schemes.ec.sha256) =>
  new X509Certificate(resign(device.certificate, spoil, { key: readKey(ca.key), scheme }))

const refused = (detail: string) => ({ ok: false, cause: 'chain-invalid', detail })

test('the anchor whose key verifies is found among those of the same name', () => {
  const anchors = [namesake, ca, short].map(anchorOf)
  expect(createPathVerifier().verify(leaf, anchors, now)).toEqual({
    ok: true,
    anchor: anchors[1],
    intermediates: [],
    until: Infinity,
  })
})

test('the anchor comes back as it was given, with all it carries', () => {
  const anchor = { ...anchorOf(ca), id: 'ca-1' }
  const verdict = createPathVerifier().verify(leaf, [anchor], now)
  expect(verdict.ok && verdict.anchor).toBe(anchor)
})

test('without a registered CA of the name the CA is unknown', () => {
  expect(createPathVerifier().verify(leaf, [], now)).toEqual({
    ok: false,
    cause: 'ca-unknown',
    detail: 'no registered CA has the name of the issuer',
  })
})

test('C10: each refusal of a path has its cause and says what is wrong', () => {
  const verifier = createPathVerifier()
  const refusals = (
    [
      [leaf, namesake],
      [spoiled(without(ext.aki)), namesake],
      [spoiled(instead(ext.eku, wrap('30', oid('1.3.6.1.5.5.7.3.1')))), ca],
      [spoiled(instead(ext.ku, '03020520', true)), ca],
      [spoiled(() => {}, schemes.ec.sha1), ca],
      [spoiled(part(partAt.extensions, 'a3023000')), ca],
    ] as const
  ).map(([certificate, authority]) => verifier.verify(certificate, [anchorOf(authority)], now))
  expect(refusals).toEqual([
    refused('the CA certificate is not the issuer: name, key identifier or key usage do not fit'),
    refused('the signature is not one of the key of the CA certificate'),
    refused('the extended key usage of the certificate is not for TLS clients'),
    refused('the key usage of the certificate has neither digitalSignature nor keyAgreement'),
    refused('the certificate is signed with a weak or unknown algorithm'),
    { ok: true, anchor: anchorOf(ca), intermediates: [], until: Infinity },
  ])
})

test('validity is judged at each call, of the certificate and of the CA', () => {
  const { verify } = createPathVerifier()
  const at = (certificate: X509Certificate, authority: typeof ca, instant: number) => {
    const verdict = verify(certificate, [anchorOf(authority)], instant)
    return verdict.ok ? 'ok' : `${verdict.cause}: ${verdict.detail}`
  }
  const other = new X509Certificate(underShort.certificate)
  expect([now - 60_001, now - 60_000, now + 4999, now + 5000].map((instant) => at(leaf, ca, instant))).toEqual([
    'certificate-not-yet-valid: the certificate is valid from 2026-05-31T23:59:00.000Z',
    'ok',
    'ok',
    'certificate-expired: the certificate was valid until 2026-06-01T00:00:05.000Z',
  ])
  expect([now + 999, now + 1000].map((instant) => at(other, short, instant))).toEqual([
    'ok',
    'certificate-expired: the CA certificate was valid until 2026-06-01T00:00:01.000Z',
  ])
})

test('the refusal of the CA that signed is told, not that of its namesakes', () => {
  const anchors = [namesake, ca].map(anchorOf)
  expect(createPathVerifier().verify(leaf, anchors, now + 5000)).toEqual({
    ok: false,
    cause: 'certificate-expired',
    detail: 'the certificate was valid until 2026-06-01T00:00:05.000Z',
  })
})

test('a signature is verified once, and again when it has been forgotten', () => {
  const { verify } = createPathVerifier({ capacity: 2 })
  const others = [spoiled(without(ext.ku)), spoiled(without(ext.eku))]
  const verified = vi.spyOn(X509Certificate.prototype, 'verify')
  const ask = (certificate: X509Certificate) => verify(certificate, [anchorOf(ca)], now).ok
  expect([leaf, leaf, others[0]!, leaf].map(ask)).toEqual([true, true, true, true])
  expect(verified).toHaveBeenCalledTimes(2)
  expect([others[1]!, leaf, others[0]!].map(ask)).toEqual([true, true, true])
  expect(verified).toHaveBeenCalledTimes(4)
  verified.mockRestore()
})

test('an anchor that is not what it is registered as vouches for nobody', () => {
  const anchors = [
    { ...anchorOf(ca), certificate: 'rubbish' },
    { ...anchorOf(ca), fingerprint: anchorOf(namesake).fingerprint },
  ]
  expect(anchors.map((anchor) => createPathVerifier().verify(leaf, [anchor], now))).toEqual([
    refused('the path cannot be read: there is no PEM: the text has no -----BEGIN CERTIFICATE-----'),
    refused(
      'the path cannot be read: the registered CA certificate does not have the fingerprint it is registered with',
    ),
  ])
})

test('an anchor that was registered with newlines as backslash and n vouches too', () => {
  const anchor = { ...anchorOf(ca), certificate: ca.certificate.replaceAll('\n', '\\n') }
  expect(createPathVerifier().verify(leaf, [anchor], now)).toEqual({
    ok: true,
    anchor,
    intermediates: [],
    until: Infinity,
  })
})

test('whatever bytes OpenSSL takes for a certificate, the verifier answers', () => {
  const { verify } = createPathVerifier()
  const der = Buffer.from(leaf.raw)
  const answers = Array.from(der, (_, index) => {
    const bytes = Buffer.from(der)
    bytes[index]! ^= 1
    return parsed(bytes)
  })
    .filter((certificate) => certificate !== undefined)
    .map((certificate) => verify(certificate, [anchorOf(ca)], now).ok)
  expect(answers.length).toBeGreaterThan(100)
  expect(answers).not.toContain(true)
})

function parsed(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

const partyOf = (name: string, key: KeyName) => ({ name, key: keyOf(key) })

describe('chains through intermediates', () => {
  const [root, upper, lower, end] = [
    partyOf('root', 'ec 1'),
    partyOf('upper', 'ec 2'),
    partyOf('lower', 'ec 3'),
    partyOf('device', 'ec 4'),
  ]
  const until = validity(utcTime('260101000000Z'), utcTime('260601000005Z'))
  const pem = {
    root: writeLink({ kind: 'ca', subject: root, issuer: root }),
    upper: writeLink({ kind: 'ca', subject: upper, issuer: root, spoils: [until] }),
    lower: writeLink({ kind: 'ca', subject: lower, issuer: upper }),
    device: writeLink({ kind: 'device', subject: end, issuer: lower }),
  }
  const x509 = (name: keyof typeof pem) => new X509Certificate(pem[name])
  const anchor = (name: keyof typeof pem) => anchorOf({ certificate: pem[name] })
  const sent = [x509('lower'), x509('upper')]

  test('C2: the registered CA nearest to the device vouches, whatever the order of the registered ones', () => {
    const { verify } = createPathVerifier()
    const nearest = (...names: (keyof typeof pem)[]) => verify(x509('device'), names.map(anchor), now, sent)
    expect(nearest('root')).toEqual({ ok: true, anchor: anchor('root'), intermediates: sent, until: now + 5000 })
    expect(nearest('root', 'upper')).toEqual({
      ok: true,
      anchor: anchor('upper'),
      intermediates: [sent[0]],
      until: Date.UTC(2029, 11, 29),
    })
    expect(nearest('root', 'lower', 'upper')).toEqual({
      ok: true,
      anchor: anchor('lower'),
      intermediates: [],
      until: Infinity,
    })
  })

  test('C2: the certificates come in any order, more than once, and with the root', () => {
    const all = [x509('root'), ...sent.toReversed(), ...sent, x509('device')]
    const verdict = createPathVerifier().verify(x509('device'), [anchor('root')], now, all)
    expect(verdict).toMatchObject({ ok: true, intermediates: [{ subject: 'CN=lower' }, { subject: 'CN=upper' }] })
  })

  test('C10: of a chain each missing link and each validity has its cause', () => {
    const { verify } = createPathVerifier()
    const asked = (beside: X509Certificate[], at: number) => verify(x509('device'), [anchor('root')], at, beside)
    const noLink = 'the certificates sent with it do not lead to the CA: name, key identifier or key usage do not fit'
    expect([asked([], now), asked([sent[0]!], now), asked(sent, now + 5000)]).toEqual([
      refused('the CA certificate is not the issuer: name, key identifier or key usage do not fit'),
      refused(noLink),
      {
        ok: false,
        cause: 'certificate-expired',
        detail: 'an intermediate certificate was valid until 2026-06-01T00:00:05.000Z',
      },
    ])
    expect(asked([...Array.from({ length: 8 }, () => x509('root')), ...sent], now)).toEqual(refused(noLink))
  })

  test('no key is used that nothing registered vouches for, and a signature is verified once', () => {
    const stranger = writeLink({ kind: 'ca', subject: upper, issuer: { ...root, key: keyOf('ec 4') } })
    const verified = vi.spyOn(X509Certificate.prototype, 'verify')
    const { verify } = createPathVerifier()
    const vague = new X509Certificate(
      resign(stranger, without(ext.aki), { key: keyOf('ec 4').privateKey, scheme: schemes.ec.sha256 }),
    )
    expect(verify(x509('device'), [anchor('root')], now, [sent[0]!, vague])).toEqual(
      refused('the signature is not one of the key of the CA certificate'),
    )
    expect(verified).toHaveBeenCalledTimes(1)
    for (let round = 0; round < 2; round += 1) expect(verify(x509('device'), [anchor('root')], now, sent).ok).toBe(true)
    expect(verified).toHaveBeenCalledTimes(4)
    verified.mockRestore()
  })
})
