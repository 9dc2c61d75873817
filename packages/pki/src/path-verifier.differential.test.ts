import { execFile } from 'node:child_process'
import { constants, createPrivateKey, generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import forge from 'node-forge'
import { manualClock, systemRandom, toHex } from '@apsaramq/model'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fingerprintOf, inspectCertificate } from './inspect.ts'
import { issueCa, issueDevice } from './issue.ts'
import { createPathVerifier } from './path-verifier.ts'
import { pemOfDer } from './pem.ts'
import { children, readDer, type Asn1 } from './structure.ts'
import { derOfNode } from './write-certificate.ts'

const now = Date.UTC(2026, 5, 1)
const deps = { clock: manualClock(now), random: systemRandom }
const { asn1 } = forge

// ---- certificates, spoiled one field at a time: the parts of a TBSCertificate are changed and signed again

const at = { version: 0, serial: 1, algorithm: 2, issuer: 3, validity: 4, subject: 5, key: 6, extensions: 7 }
const oid = {
  policies: '2.5.29.32',
  crlPoints: '2.5.29.31',
  nameConstraints: '2.5.29.30',
  inhibitAnyPolicy: '2.5.29.54',
  eku: '2.5.29.37',
  ku: '2.5.29.15',
  bc: '2.5.29.19',
  aki: '2.5.29.35',
  ski: '2.5.29.14',
  san: '2.5.29.17',
  netscape: '2.16.840.1.113730.1.1',
  ip: '1.3.6.1.5.5.7.1.7',
  proxy: '1.3.6.1.5.5.7.1.14',
  unknown: '1.2.3.4.5',
}

const fromHex = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const node = (hex: string) => readDer(fromHex(hex))
const oidHex = (text: string) => {
  const bytes = asn1.oidToDer(text).toHex()
  return `06${(bytes.length / 2).toString(16).padStart(2, '0')}${bytes}`
}
const wrap = (tag: string, ...hex: string[]) => {
  const body = hex.join('').replaceAll(' ', '')
  const length = body.length / 2
  const size = length < 128 ? '' : length < 256 ? '81' : '82'
  return `${tag}${size}${length.toString(16).padStart(length < 256 ? 2 : 4, '0')}${body}`
}

type Spoil = (parts: Asn1[]) => void
const extensionsOf = (parts: Asn1[]) => children(children(parts[at.extensions])[0])
const indexOf = (parts: Asn1[], id: string) =>
  extensionsOf(parts).findIndex((one) => derOfNode(children(one)[0]!).toString('hex') === oidHex(id))
const without =
  (...ids: string[]): Spoil =>
  (parts) => {
    for (const id of ids) {
      const index = indexOf(parts, id)
      if (index >= 0) extensionsOf(parts).splice(index, 1)
    }
  }
const extra =
  (id: string, valueHex: string, critical = false): Spoil =>
  (parts) => {
    extensionsOf(parts).push(node(wrap('30', oidHex(id), critical ? '0101ff' : '', wrap('04', valueHex))))
  }
const all =
  (...spoils: Spoil[]): Spoil =>
  (parts) => {
    for (const spoil of spoils) spoil(parts)
  }
const instead = (id: string, valueHex: string, critical = false) => all(without(id), extra(id, valueHex, critical))
const part =
  (index: number, hex: string): Spoil =>
  (parts) => {
    parts[index] = node(hex)
  }
const ascii = (text: string) => Buffer.from(text).toString('hex')
const utc = (text: string) => wrap('17', ascii(text))
const generalized = (text: string) => wrap('18', ascii(text))
const validity = (from: string, until: string) => part(at.validity, wrap('30', from, until))
const from = utc('260101000000Z')
const until = utc('270101000000Z')
const eku = (...purposes: number[]) => wrap('30', ...purposes.map((one) => oidHex(`1.3.6.1.5.5.7.3.${one}`)))
const anyEku = wrap('30', oidHex('2.5.29.37.0'))
const cn = (text: string) => wrap('30', wrap('31', wrap('30', oidHex('2.5.4.3'), wrap('0c', ascii(text)))))

interface Scheme {
  algorithm: string
  sign(tbs: Buffer, key: KeyObject): Buffer
}
const plain = (algorithm: string, digest: string): Scheme => ({
  algorithm: wrap('30', oidHex(algorithm), algorithm.startsWith('1.2.840.113549') ? '0500' : ''),
  sign: (tbs, key) => sign(digest, tbs, key),
})
const pss = (parameters: string, digest: string, saltLength: number): Scheme => ({
  algorithm: wrap('30', oidHex('1.2.840.113549.1.1.10'), parameters),
  sign: (tbs, key) => sign(digest, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
})
const sha256Id = wrap('30', oidHex('2.16.840.1.101.3.4.2.1'), '0500')
const mgf1 = wrap('30', oidHex('1.2.840.113549.1.1.8'), sha256Id)
const schemes = {
  rsa: {
    sha256: plain('1.2.840.113549.1.1.11', 'sha256'),
    sha512: plain('1.2.840.113549.1.1.13', 'sha512'),
    sha1: plain('1.2.840.113549.1.1.5', 'sha1'),
    md5: plain('1.2.840.113549.1.1.4', 'md5'),
    pss: pss(wrap('30', wrap('a0', sha256Id), wrap('a1', mgf1), wrap('a2', '020120')), 'sha256', 32),
    pssSha1: pss('3000', 'sha1', 20),
  },
  ec: {
    sha256: plain('1.2.840.10045.4.3.2', 'sha256'),
    sha512: plain('1.2.840.10045.4.3.4', 'sha512'),
    sha1: plain('1.2.840.10045.4.1', 'sha1'),
  },
}

interface Signing {
  key: KeyObject
  scheme: Scheme
  /** Algorithm named outside the signed part, where it shall be another. */
  outer?: string
  flip?: boolean
}

function resign(base: string, spoil: Spoil, { key, scheme, outer, flip }: Signing): string {
  const tbs = children(readDer(new X509Certificate(base).raw))[0]!
  const parts = children(tbs)
  parts[at.algorithm] = node(scheme.algorithm)
  spoil(parts)
  const bytes = derOfNode(tbs)
  const signature = scheme.sign(bytes, key)
  if (flip) signature[signature.length - 1]! ^= 1
  const hex = wrap('30', toHex(bytes), outer ?? scheme.algorithm, wrap('03', '00', toHex(signature)))
  return pemOfDer(fromHex(hex))
}

// ---- what is spoiled

const leafSpoils: Record<string, Spoil> = {
  good: () => {},
  'no extended key usage': without(oid.eku),
  'extended key usage: server only': instead(oid.eku, eku(1)),
  'extended key usage: any': instead(oid.eku, anyEku),
  'extended key usage: client and server': instead(oid.eku, eku(1, 2)),
  'extended key usage: client, critical': instead(oid.eku, eku(2), true),
  'extended key usage: empty': instead(oid.eku, '3000'),
  'extended key usage: not DER': instead(oid.eku, '3005'),
  'no key usage': without(oid.ku),
  'key usage: keyEncipherment': instead(oid.ku, '03020520', true),
  'key usage: keyAgreement': instead(oid.ku, '03020308', true),
  'key usage: keyCertSign, not critical': instead(oid.ku, '03020204'),
  'key usage: no bit': instead(oid.ku, '03020700', true),
  'key usage: empty': instead(oid.ku, '030100', true),
  'key usage: decipherOnly': instead(oid.ku, '0303070080', true),
  'key usage: digitalSignature among unused bits': instead(oid.ku, '03020880', true),
  'key usage: keyAgreement among unused bits': instead(oid.ku, '03020408', true),
  'Netscape type: client': extra(oid.netscape, '03020780'),
  'Netscape type: server': extra(oid.netscape, '03020640'),
  'unknown extension': extra(oid.unknown, 'deadbeef'),
  'unknown extension, critical': extra(oid.unknown, '0500', true),
  'unknown extension twice, once critical': all(extra(oid.unknown, '0500', true), extra(oid.unknown, '0500')),
  'basic constraints: CA:TRUE': instead(oid.bc, '30030101ff', true),
  'no basic constraints': without(oid.bc),
  'basic constraints: not DER': instead(oid.bc, '3001'),
  'basic constraints: path length without CA': instead(oid.bc, '3003020100'),
  'basic constraints: negative path length': instead(oid.bc, '30060101ff0201ff'),
  'no authority key identifier': without(oid.aki),
  'authority key identifier of another': instead(oid.aki, wrap('30', wrap('80', '00112233'))),
  'authority key identifier: not DER': instead(oid.aki, '80'),
  'no subject key identifier': without(oid.ski),
  'subject key identifier, critical': instead(oid.ski, '040101', true),
  'subject alternative name, critical': extra(oid.san, wrap('30', wrap('82', ascii('device'))), true),
  'name constraints': extra(oid.nameConstraints, wrap('30', wrap('a0', wrap('30', wrap('82', ascii('a')))))),
  'resources of RFC 3779': extra(oid.ip, wrap('30', wrap('30', '04020001', '0500')), true),
  'proxy certificate': extra(oid.proxy, wrap('30', wrap('30', oidHex('1.3.6.1.5.5.7.21.1'))), true),
  'policies, critical': extra(oid.policies, wrap('30', wrap('30', oidHex('1.2.3'))), true),
  'revocation list points, critical': extra(oid.crlPoints, '3000', true),
  'inhibit any policy, critical': extra(oid.inhibitAnyPolicy, '020100', true),
  'extended key usage twice': extra(oid.eku, eku(1)),
  expired: validity(from, utc('260531000000Z')),
  'expires now': validity(from, utc('260601000000Z')),
  'expires in a second': validity(from, utc('260601000001Z')),
  'begins now': validity(utc('260601000000Z'), until),
  'begins in a second': validity(utc('260601000001Z'), until),
  'until 2060': validity(from, generalized('20600101000000Z')),
  'until 2060 in a UTCTime': validity(from, utc('600101000000Z')),
  'from a GeneralizedTime': validity(generalized('20260101000000Z'), until),
  'until the year 50': validity(from, generalized('00500101000000Z')),
  'until 9999': validity(from, generalized('99991231235959Z')),
  'a time without seconds': validity(utc('2601010000Z'), until),
  'a time with an offset': validity(from, utc('270101000000+0100')),
  'a time with a fraction': validity(from, generalized('20270101000000.5Z')),
  'a time of month 13': validity(from, utc('271301000000Z')),
  'serial number zero': part(at.serial, '020100'),
  'serial number negative': part(at.serial, '0201ff'),
  'issuer: another': part(at.issuer, cn('somebody else')),
  'issuer: in capitals': part(at.issuer, cn('DIFFERENTIAL ca')),
  'issuer: more white space': part(at.issuer, cn(' differential   CA ')),
  'subject: empty': part(at.subject, '3000'),
  'subject: that of the CA': part(at.subject, cn('differential CA')),
  'subject: that of the CA in capitals': part(at.subject, cn('DIFFERENTIAL CA')),
  'subject: that of the CA, no identifiers': all(part(at.subject, cn('differential CA')), without(oid.aki, oid.ski)),
  'subject: that of the CA, no key usage': all(part(at.subject, cn('differential CA')), without(oid.aki, oid.ku)),
  'version 1': (parts) => void parts.splice(at.extensions, 1) && parts.splice(at.version, 1),
  'version 1 with extensions': (parts) => void parts.splice(at.version, 1),
  'version 3 without extensions': (parts) => void parts.splice(at.extensions, 1),
  'version 9': part(at.version, 'a003020108'),
}

const anchorSpoils: Record<string, Spoil> = {
  good: () => {},
  'no basic constraints': without(oid.bc),
  'basic constraints: CA:FALSE': instead(oid.bc, '3000', true),
  'basic constraints: not critical': instead(oid.bc, '30030101ff'),
  'path length 0': instead(oid.bc, '30060101ff020100', true),
  'path length negative': instead(oid.bc, '30060101ff0201ff', true),
  'no key usage': without(oid.ku),
  'key usage: cRLSign': instead(oid.ku, '03020102', true),
  'extended key usage: server': extra(oid.eku, eku(1)),
  'extended key usage: client': extra(oid.eku, eku(2)),
  'extended key usage: any': extra(oid.eku, anyEku),
  'Netscape type: client': extra(oid.netscape, '03020780'),
  'name constraints': extra(oid.nameConstraints, wrap('30', wrap('a1', wrap('30', wrap('a4', cn('device')))))),
  'name constraints, critical': extra(
    oid.nameConstraints,
    wrap('30', wrap('a0', wrap('30', wrap('a4', cn('another'))))),
    true,
  ),
  'unknown extension, critical': extra(oid.unknown, '0500', true),
  'policies, critical': extra(oid.policies, wrap('30', wrap('30', oidHex('1.2.3'))), true),
  'resources of RFC 3779': extra(oid.ip, wrap('30', wrap('30', '04020001', '0500')), true),
  expired: validity(from, utc('260531000000Z')),
  'expires now': validity(from, utc('260601000000Z')),
  'not valid yet': validity(utc('260602000000Z'), until),
  'begins now': validity(utc('260601000000Z'), until),
  'another subject key identifier': instead(oid.ski, '04020102'),
  'no subject key identifier': without(oid.ski),
  'version 1': (parts) => void parts.splice(at.extensions, 1) && parts.splice(at.version, 1),
  'issued by another': part(at.issuer, cn('a root')),
  'subject: in capitals': all(part(at.subject, cn('DIFFERENTIAL CA')), part(at.issuer, cn('DIFFERENTIAL CA'))),
}

// ---- the two judges

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pki-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** The names of the leaves that openssl verifies under the anchor, in one run. */
async function admittedByOpenssl(anchor: string, leaves: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(directory, 'run-'))
  const ca = join(folder, 'ca.pem')
  const names = Object.keys(leaves)
  await writeFile(ca, anchor)
  await Promise.all(names.map((name, index) => writeFile(join(folder, `${index}.pem`), leaves[name]!)))
  const verify = ['verify', '-CAfile', ca, '-no-CApath', '-no-CAstore', '-purpose', 'sslclient']
  const files = names.map((_, index) => `${index}.pem`)
  const { subject, issuer } = new X509Certificate(anchor)
  // a registered CA is an anchor even where it is not self-signed: LIMITS A-28
  const partial = subject === issuer ? [] : ['-partial_chain']
  const args = [...verify, ...partial, '-attime', String(now / 1000), ...files]
  const stdout = await new Promise<string>((resolve) => {
    execFile('openssl', args, { cwd: folder }, (_, output) => resolve(output))
  })
  return names.filter(
    (_, index) => stdout.includes(`${index}.pem: OK`) && stdout.split('\n').includes(`${index}.pem: OK`),
  )
}

const verifier = createPathVerifier()

function admittedByUs(anchor: string, leaves: Record<string, string>): string[] {
  return Object.keys(leaves).filter((name) => {
    try {
      const anchors = [{ certificate: anchor, fingerprint: fingerprintOf(new X509Certificate(anchor)) }]
      const leaf = new X509Certificate(leaves[name]!)
      return verifier.verify(leaf, anchors, now).ok && inspectCertificate(leaf).sn !== ''
    } catch {
      return false // node cannot parse it, so no handshake brings it
    }
  })
}

/** Both answers, and where they differ. */
async function compare(anchor: string, leaves: Record<string, string>) {
  const ours = admittedByUs(anchor, leaves)
  const theirs = await admittedByOpenssl(anchor, leaves)
  return {
    ours,
    wronglyAdmitted: ours.filter((name) => !theirs.includes(name)),
    wronglyRefused: theirs.filter((name) => !ours.includes(name)),
  }
}

const issued = async (keyType: 'rsa' | 'ec') => {
  const ca = await issueCa({ commonName: 'differential CA', keyType, validFrom: Date.UTC(2020, 0, 1) }, deps)
  const device = await issueDevice({ ca, commonName: 'device', keyType: 'ec' }, deps)
  return { ca, device, key: createPrivateKey(ca.key) }
}

const spoilAll = (base: string, spoils: Record<string, Spoil>, signing: Signing): Record<string, string> =>
  Object.fromEntries(Object.entries(spoils).map(([name, spoil]) => [name, resign(base, spoil, signing)]))

const cautiouslyRefused = [
  'name constraints',
  'policies, critical',
  'revocation list points, critical',
  'inhibit any policy, critical',
]

test.for(['rsa', 'ec'] as const)(
  'no device certificate that openssl refuses is admitted under an %s CA',
  async (type) => {
    const { ca, device, key } = await issued(type)
    const leaves = spoilAll(device.certificate, leafSpoils, { key, scheme: schemes[type].sha256 })
    const answer = await compare(ca.certificate, leaves)
    expect({ ...answer, ours: answer.ours.length }).toEqual({
      ours: 0,
      wronglyAdmitted: [],
      wronglyRefused: cautiouslyRefused,
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
  leaves['another CA, no identifier'] = resign(device.certificate, without(oid.aki), {
    key: stranger.key,
    scheme: sha256,
  })
  leaves['the CA itself'] = ca.certificate
  expect(await compare(ca.certificate, leaves)).toEqual({
    ours: type === 'rsa' ? ['sha256', 'sha512', 'pss'] : ['sha256', 'sha512'],
    wronglyAdmitted: [],
    wronglyRefused: type === 'rsa' ? ['sha1', 'md5', 'pssSha1'] : ['sha1'],
  })
})

test('no CA certificate that openssl refuses vouches for a device', async () => {
  const { ca, device, key } = await issued('ec')
  const signing = { key, scheme: schemes.ec.sha256 }
  const leaves = { device: device.certificate, 'no identifier': resign(device.certificate, without(oid.aki), signing) }
  const anchors = spoilAll(ca.certificate, anchorSpoils, signing)
  anchors['weak signature of its own'] = resign(ca.certificate, () => {}, { key, scheme: schemes.ec.sha1 })
  anchors['broken signature of its own'] = resign(ca.certificate, () => {}, { ...signing, flip: true })
  const answers = await Promise.all(
    Object.entries(anchors).map(async ([name, anchor]) => [name, await compare(anchor, leaves)] as const),
  )
  const named = (list: 'ours' | 'wronglyAdmitted' | 'wronglyRefused') =>
    answers.flatMap(([name, answer]) => answer[list].map((leaf) => `${name}: ${leaf}`))
  expect({
    ours: named('ours'),
    wronglyAdmitted: named('wronglyAdmitted'),
    wronglyRefused: named('wronglyRefused'),
  }).toEqual({})
})

test('keys that openssl refuses or a handshake would are not admitted', async () => {
  const { ca, device, key } = await issued('ec')
  const signing = { key, scheme: schemes.ec.sha256 }
  const withKey = (publicKey: KeyObject) =>
    resign(device.certificate, part(at.key, toHex(publicKey.export({ type: 'spki', format: 'der' }))), signing)
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
      part(at.key, wrap('30', wrap('30', oidHex('1.2.3')), '03020001')),
      signing,
    ),
  }
  expect(await compare(ca.certificate, leaves)).toEqual({
    ours: ['RSA 2048', 'RSA 1024', 'P-384', 'Ed25519'],
    wronglyAdmitted: [],
    wronglyRefused: ['RSA 512'],
  })
})

test('a CA that is presented as a device is admitted when openssl would', async () => {
  const { ca, key } = await issued('ec')
  const free = resign(ca.certificate, without(oid.ku), { key, scheme: schemes.ec.sha256 })
  expect(await compare(free, { itself: free })).toEqual({ ours: ['itself'], wronglyAdmitted: [], wronglyRefused: [] })
})
