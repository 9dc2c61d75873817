import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { manualClock, systemRandom, toHex } from '@apsaramq/model'
import { issueCa, issueDevice } from '../issue.ts'
import { commonName, wrap } from './der.ts'
import { schemes, type Scheme } from './schemes.ts'
import { instead, part, partAt, resign, type Spoil } from './spoil.ts'
import { ext, judgedAt } from './spoils.ts'

/** A key that certificates are made of. */
export interface ChainKey {
  privateKey: KeyObject
  /** Hex of the SubjectPublicKeyInfo. */
  spki: string
  /** Hex of the key identifier. */
  identifier: string
  /** What it signs with where nothing else is said. */
  scheme: Scheme
  kind: 'rsa' | 'ec' | 'ed25519'
}

const generated = {
  'ec 1': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ec 2': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ec 3': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'ec 4': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'rsa 1': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa 2': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa of 1024 bits': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'rsa of 512 bits': () => generateKeyPairSync('rsa', { modulusLength: 512 }),
  'ec, curve spelled out': () => generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }),
  ed25519: () => generateKeyPairSync('ed25519'),
}

/** Name of a key of the pool. */
export type KeyName = keyof typeof generated

const keys = new Map<KeyName, ChainKey>()

/** A key of the pool: the same for the same name. */
export function keyOf(name: KeyName): ChainKey {
  const known = keys.get(name) ?? readKeyPair(generated[name]().privateKey)
  keys.set(name, known)
  return known
}

function readKeyPair(privateKey: KeyObject): ChainKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const kind = privateKey.asymmetricKeyType as ChainKey['kind'] // of the pool
  const identifier = createHash('sha1').update(spki).digest('hex')
  return { privateKey, spki: toHex(spki), identifier, scheme: schemes[kind].sha256, kind }
}

const deps = { clock: manualClock(judgedAt), random: systemRandom }
const templateCa = await issueCa({ commonName: 'template', keyType: 'ec', validFrom: Date.UTC(2020, 0, 1) }, deps)
/** What a certificate is before its names, keys and flaws are put in. */
const templates = {
  ca: templateCa.certificate,
  device: (await issueDevice({ ca: templateCa, commonName: 'template', keyType: 'ec' }, deps)).certificate,
}
keys.set('ec 1', readKeyPair(createPrivateKey(templateCa.key)))

/** Who a certificate is about, or from. */
export interface Party {
  name: string
  key: ChainKey
}

/** A certificate of a chain. */
export interface ChainCertificate {
  kind: keyof typeof templates
  subject: Party
  issuer: Party
  spoils?: readonly Spoil[]
  scheme?: Scheme | undefined
  flip?: boolean | undefined
}

/** PEM of a certificate of a chain. */
export function writeLink({ kind, subject, issuer, spoils = [], scheme, flip = false }: ChainCertificate): string {
  const whole: readonly Spoil[] = [
    part(partAt.subject, commonName(subject.name)),
    part(partAt.issuer, commonName(issuer.name)),
    part(partAt.key, subject.key.spki),
    instead(ext.ski, wrap('04', subject.key.identifier)),
    instead(ext.aki, wrap('30', wrap('80', issuer.key.identifier))),
    ...spoils,
  ]
  const spoil: Spoil = (parts) => {
    for (const one of whole) one(parts)
  }
  return resign(templates[kind], spoil, { key: issuer.key.privateKey, scheme: scheme ?? issuer.key.scheme, flip })
}
