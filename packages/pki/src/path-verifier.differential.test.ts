import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { manualClock, systemRandom, toHex } from '@apsaramq/model'
import { expect, vi } from 'vitest'
import { fingerprintOf, inspectCertificate } from './inspect.ts'
import { issueCa, issueDevice } from './issue.ts'
import { createPathVerifier } from './path-verifier.ts'
import { oid, wrap } from './testing/der.ts'
import { testWithOpenssl as test, verifiedByOpenssl } from './testing/openssl.ts'
import { schemes } from './testing/schemes.ts'
import { part, partAt, resign, spoilAll, without } from './testing/spoil.ts'
import { anchorSpoils, ext, judgedAt, leafSpoils } from './testing/spoils.ts'

vi.setConfig({ testTimeout: 60_000 }) // dozens of openssl processes on a machine that may be busy

const deps = { clock: manualClock(judgedAt), random: systemRandom }
const verifier = createPathVerifier()

function opensslOptions(anchor: string): string[] {
  const { subject, issuer } = new X509Certificate(anchor)
  // a registered CA is an anchor even where it is not self-signed: LIMITS A-28
  const partialChain = subject === issuer ? [] : ['-partial_chain']
  return ['-purpose', 'sslclient', '-attime', String(judgedAt / 1000), ...partialChain]
}

function admittedByUs(anchor: string, leaves: Record<string, string>): string[] {
  return Object.keys(leaves).filter((name) => {
    try {
      const anchors = [{ certificate: anchor, fingerprint: fingerprintOf(new X509Certificate(anchor)) }]
      const leaf = new X509Certificate(leaves[name]!)
      return verifier.verify(leaf, anchors, judgedAt).ok && inspectCertificate(leaf).sn !== ''
    } catch {
      return false // node cannot parse it, so no handshake brings it
    }
  })
}

/** What is admitted, and what only one of the two admits. */
async function compare(anchor: string, leaves: Record<string, string>) {
  const admitted = admittedByUs(anchor, leaves)
  const theirs = await verifiedByOpenssl(anchor, leaves, opensslOptions(anchor))
  return {
    admitted,
    wronglyAdmitted: admitted.filter((name) => !theirs.includes(name)),
    refusedWithCaution: theirs.filter((name) => !admitted.includes(name)),
  }
}

const issued = async (keyType: 'rsa' | 'ec') => {
  const ca = await issueCa({ commonName: 'differential CA', keyType, validFrom: Date.UTC(2020, 0, 1) }, deps)
  const device = await issueDevice({ ca, commonName: 'device', keyType: 'ec' }, deps)
  return { ca, device, key: createPrivateKey(ca.key) }
}

const admittedLeaves = [
  'good',
  'no extended key usage',
  'extended key usage: client and server',
  'extended key usage: client, critical',
  'no key usage',
  'key usage: keyAgreement',
  'Netscape type: client',
  'unknown extension',
  'basic constraints: CA:TRUE',
  'no basic constraints',
  'basic constraints: path length without CA',
  'no authority key identifier',
  'no subject key identifier',
  'subject alternative name, critical',
  'expires in a second',
  'begins now',
  'until 2060',
  'from a GeneralizedTime',
  'until 9999',
  'serial number zero',
  'issuer: in capitals',
  'issuer: more white space',
  'subject: empty',
  'version 1',
  'version 1 with extensions',
  'version 3 without extensions',
  'version 9',
]

// OpenSSL knows more extensions than the rules, and a negative serial number has no place in the API
const refusedLeaves = {
  ec: [
    'name constraints',
    'resources of RFC 3779',
    'policies, critical',
    'revocation list points, critical',
    'inhibit any policy, critical',
    'serial number negative',
    'subject: that of the CA',
    'subject: that of the CA in capitals',
  ],
  // an EC certificate that an RSA key signed is not self-signed, whatever its names
  rsa: [
    'subject: that of the CA, no identifiers',
    'subject and issuer: that of the CA, in white space, no identifiers',
    'subject: that of the CA, no key usage',
  ],
}

test.for(['rsa', 'ec'] as const)(
  'no device certificate that openssl refuses is admitted under an %s CA',
  async (type) => {
    const { ca, device, key } = await issued(type)
    const leaves = spoilAll(device.certificate, leafSpoils, { key, scheme: schemes[type].sha256 })
    expect(await compare(ca.certificate, leaves)).toEqual({
      admitted: admittedLeaves,
      wronglyAdmitted: [],
      refusedWithCaution: type === 'ec' ? refusedLeaves.ec : [...refusedLeaves.ec, ...refusedLeaves.rsa],
    })
  },
)

test.for(['rsa', 'ec'] as const)('no %s signature that openssl refuses is admitted, and no weak one', async (type) => {
  const { ca, device, key } = await issued(type)
  const stranger = await issued(type)
  const leaves: Record<string, string> = {}
  for (const [name, scheme] of Object.entries(schemes[type])) {
    leaves[name] = resign(device.certificate, () => {}, { key, scheme })
  }
  const { sha256, sha512 } = schemes[type]
  leaves['a flipped bit'] = resign(device.certificate, () => {}, { key, scheme: sha256, flip: true })
  leaves['another algorithm outside'] = resign(device.certificate, () => {}, {
    key,
    scheme: sha256,
    outer: sha512.algorithm,
  })
  leaves['another CA of the same name'] = stranger.device.certificate
  leaves['another CA, no identifier'] = resign(device.certificate, without(ext.aki), {
    key: stranger.key,
    scheme: sha256,
  })
  leaves['the CA itself'] = ca.certificate
  expect(await compare(ca.certificate, leaves)).toEqual({
    admitted: type === 'rsa' ? ['sha256', 'sha512', 'pss'] : ['sha256', 'sha512'],
    wronglyAdmitted: [],
    refusedWithCaution: type === 'rsa' ? ['sha1', 'md5', 'pssSha1'] : ['sha1'],
  })
})

test('no CA certificate that openssl refuses vouches for a device', async () => {
  const { ca, device, key } = await issued('ec')
  const signing = { key, scheme: schemes.ec.sha256 }
  const leaves = { device: device.certificate, 'no identifier': resign(device.certificate, without(ext.aki), signing) }
  const anchors = spoilAll(ca.certificate, anchorSpoils, signing)
  anchors['weak signature of its own'] = resign(ca.certificate, () => {}, { key, scheme: schemes.ec.sha1 })
  anchors['broken signature of its own'] = resign(ca.certificate, () => {}, { ...signing, flip: true })
  const answers = await Promise.all(
    Object.entries(anchors).map(async ([name, anchor]) => [name, await compare(anchor, leaves)] as const),
  )
  const named = (list: 'admitted' | 'wronglyAdmitted' | 'refusedWithCaution') =>
    answers.flatMap(([name, answer]) => answer[list].map((leaf) => `${name}: ${leaf}`))
  expect(named('wronglyAdmitted')).toEqual([])
  expect(named('refusedWithCaution')).toEqual([
    'no basic constraints: device', // OpenSSL lets the key usage of a self-signed certificate do
    'no basic constraints: no identifier',
    'policies, critical: device',
    'policies, critical: no identifier',
    'resources of RFC 3779: device',
    'resources of RFC 3779: no identifier',
    'version 1: device', // the service asks for BasicConstraints
    'version 1: no identifier',
  ])
  expect(named('admitted')).toEqual([
    'good: device',
    'good: no identifier',
    'basic constraints: not critical: device',
    'basic constraints: not critical: no identifier',
    'path length 0: device',
    'path length 0: no identifier',
    'no key usage: device',
    'no key usage: no identifier',
    'extended key usage: client: device',
    'extended key usage: client: no identifier',
    'Netscape type: client: device',
    'Netscape type: client: no identifier',
    'begins now: device',
    'begins now: no identifier',
    'no subject key identifier: device',
    'no subject key identifier: no identifier',
    'issued by another: device',
    'issued by another: no identifier',
    'subject: in capitals: device',
    'subject: in capitals: no identifier',
    'weak signature of its own: device',
    'weak signature of its own: no identifier',
    'broken signature of its own: device',
    'broken signature of its own: no identifier',
  ])
})

test('keys that openssl refuses or a handshake would are not admitted', async () => {
  const { ca, device, key } = await issued('ec')
  const signing = { key, scheme: schemes.ec.sha256 }
  const withKey = (publicKey: KeyObject) =>
    resign(device.certificate, part(partAt.key, toHex(publicKey.export({ type: 'spki', format: 'der' }))), signing)
  const leaves = {
    'RSA 2048': withKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey),
    'RSA 1024': withKey(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    'RSA 512': withKey(generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey),
    'P-384': withKey(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
    'P-256 spelled out': withKey(
      generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey,
    ),
    Ed25519: withKey(generateKeyPairSync('ed25519').publicKey),
    'no key at all': resign(
      device.certificate,
      part(partAt.key, wrap('30', wrap('30', oid('1.2.3')), '03020001')),
      signing,
    ),
  }
  expect(await compare(ca.certificate, leaves)).toEqual({
    admitted: ['RSA 2048', 'RSA 1024', 'P-384', 'Ed25519'],
    wronglyAdmitted: [],
    refusedWithCaution: ['RSA 512'],
  })
})

test('a CA that is presented as a device is admitted when openssl would', async () => {
  const { ca, key } = await issued('ec')
  const free = resign(ca.certificate, without(ext.ku), { key, scheme: schemes.ec.sha256 })
  expect(await compare(free, { itself: free })).toEqual({
    admitted: ['itself'],
    wronglyAdmitted: [],
    refusedWithCaution: [],
  })
})
