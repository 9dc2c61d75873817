import type { KeyName, Party } from './chain-writer.ts'
import { keyOf, writeLink } from './chain-writer.ts'
import { utcTime } from './der.ts'
import { schemes, type Scheme } from './schemes.ts'
import type { Draw } from './seeded.ts'
import { instead, validity, without, type Spoil } from './spoil.ts'
import { ext } from './spoils.ts'

/** One flaw of one certificate of a chain. */
export interface Flaw {
  name: string
  /** 0 is the device, 1 its issuer and so on. */
  at: number
  spoil?: Spoil
  /** How its issuer signs it. */
  scheme?: Scheme
  flip?: boolean
  /** The key of its subject. */
  key?: KeyName
  /** The key that signs it, in place of its issuer's. */
  signer?: KeyName
}

/** How what a client sends differs from its chain in order. */
export const orders = ['proper', 'reversed', 'with the root', 'twice', 'one missing', 'with the device again'] as const

/** What makes a chain no plain one. */
export const twists = [
  'none',
  'namesake first',
  'namesake last',
  'namesake first, no identifiers',
  'namesake that may not sign first',
  'namesake that may not sign last, no identifiers',
  'expired twin first',
  'expired twin last',
  'crossed first',
  'crossed last',
  'new key of the root',
  'new key of the root, no identifiers',
  'registered namesake',
  'registered namesake, no identifiers',
  'loop',
  'flood',
] as const

/** Name of a twist. */
export type Twist = (typeof twists)[number]

/** What a chain is made to. */
export interface ChainPlan {
  /** CAs above the device, 1 or more; the last signs itself. */
  cas: number
  /** Which of them is registered, 1 to `cas`. */
  registered: number
  keys: readonly KeyName[]
  order: (typeof orders)[number]
  twist: Twist
  flaws: readonly Flaw[]
}

/** A chain as a client sends it, and the CA it is judged under; all PEM. */
export interface Chain {
  leaf: string
  sent: string[]
  anchor: string
}

/** Writes a chain whose names no other has. */
export function writeChain(plan: ChainPlan, prefix: string): Chain {
  const partyAt = (level: number): Party => ({
    name: level > plan.cas ? partyAt(plan.cas).name : `${prefix} ${level === 0 ? 'device' : `CA ${level}`}`,
    key: keyOf(keyAt(plan, level)),
  })
  const write = (level: number, spoils: readonly Spoil[] = []) => {
    const flaws = plan.flaws.filter(({ at }) => at === level)
    const signer = flaws.find((flaw) => flaw.signer)?.signer
    const above = partyAt(Math.min(level + 1, plan.cas))
    return writeLink({
      kind: level === 0 ? 'device' : 'ca',
      subject: partyAt(level),
      issuer: signer ? { ...above, key: keyOf(signer) } : above,
      spoils: [...spoils, ...flaws.flatMap(({ spoil }) => spoil ?? [])],
      scheme: flaws.find(({ scheme }) => scheme)?.scheme,
      flip: flaws.some(({ flip }) => flip),
    })
  }
  const written = new Map<number, string>()
  const certificateAt = (level: number) => {
    const certificate = written.get(level) ?? write(level)
    written.set(level, certificate)
    return certificate
  }
  return twisted[plan.twist]({ plan, certificateAt, partyAt, write })
}

function keyAt({ keys, flaws }: ChainPlan, level: number): KeyName {
  return flaws.find(({ at, key }) => at === level && key)?.key ?? keys[level % keys.length]!
}

interface Parts {
  plan: ChainPlan
  certificateAt(level: number): string
  partyAt(level: number): Party
  write(level: number, spoils?: readonly Spoil[]): string
}

const noIdentifier = without(ext.aki)
const expired = validity(utcTime('200101000000Z'), utcTime('210101000000Z'))
const mayNotSign = instead(ext.ku, '03020186', true) // digitalSignature, cRLSign
const stranger: KeyName = 'ec 4'

function plain({ plan, certificateAt }: Parts): Chain {
  return { leaf: certificateAt(0), sent: ordered(plan, certificateAt), anchor: certificateAt(plan.registered) }
}

/** Another certificate, sent before or behind the chain. */
function beside(where: 'first' | 'last', make: (parts: Parts) => string, leafSpoils?: readonly Spoil[]) {
  return (parts: Parts): Chain => {
    const chain = plain(parts)
    const sent = where === 'first' ? [make(parts), ...chain.sent] : [...chain.sent, make(parts)]
    return { ...chain, sent, ...(leafSpoils && { leaf: parts.write(0, leafSpoils) }) }
  }
}

function namesake({ plan, partyAt }: Parts, spoils: readonly Spoil[] = []): string {
  const subject = { ...partyAt(1), key: keyOf(stranger) }
  return writeLink({ kind: 'ca', subject, issuer: partyAt(Math.min(2, plan.cas)), spoils })
}

function otherOf({ partyAt }: Parts): Party {
  return { name: `${partyAt(1).name} of another`, key: keyOf(stranger) }
}

const crossed = (parts: Parts) => writeLink({ kind: 'ca', subject: parts.partyAt(1), issuer: otherOf(parts) })
const expiredTwin = ({ write }: Parts) => write(1, [expired])
const twinThatMayNotSign = ({ write }: Parts) => write(1, [mayNotSign])

const twisted: Record<Twist, (parts: Parts) => Chain> = {
  none: plain,
  'namesake first': beside('first', namesake),
  'namesake last': beside('last', namesake),
  'namesake first, no identifiers': beside('first', namesake, [noIdentifier]),
  'namesake that may not sign first': beside('first', twinThatMayNotSign),
  'namesake that may not sign last, no identifiers': beside('last', (parts) => namesake(parts, [mayNotSign]), [
    noIdentifier,
  ]),
  'expired twin first': beside('first', expiredTwin),
  'expired twin last': beside('last', expiredTwin),
  'crossed first': beside('first', crossed),
  'crossed last': beside('last', crossed),
  'new key of the root': (parts) => rolledOver(parts, []),
  'new key of the root, no identifiers': (parts) => rolledOver(parts, [noIdentifier]),
  'registered namesake': (parts) => ({ ...plain(parts), anchor: namesakeOfAnchor(parts) }),
  'registered namesake, no identifiers': (parts) => ({
    ...plain(parts),
    leaf: parts.write(0, [noIdentifier]),
    anchor: namesakeOfAnchor(parts),
  }),
  loop: (parts) => {
    const [one, other] = [parts.partyAt(1), otherOf(parts)]
    return { ...plain(parts), sent: [crossed(parts), writeLink({ kind: 'ca', subject: other, issuer: one })] }
  },
  flood: (parts) => {
    const flood = Array.from({ length: 9 }, () => parts.write(parts.plan.cas))
    const chain = plain(parts)
    return { ...chain, sent: [...flood, ...chain.sent] }
  },
}

/** Another CA of the registered one's name. */
function namesakeOfAnchor({ plan: { registered, cas }, partyAt }: Parts): string {
  const subject: Party = { ...partyAt(registered), key: keyOf(stranger) }
  return writeLink({ kind: 'ca', subject, issuer: registered === cas ? subject : partyAt(registered + 1) })
}

/** The root has a new key, which its old one vouches for; the old one is registered. RFC 5280 §3.2 */
function rolledOver({ plan, certificateAt, partyAt }: Parts, spoils: readonly Spoil[]): Chain {
  const root = partyAt(plan.cas)
  const renewed: Party = { name: root.name, key: keyOf(stranger) }
  const bridge = writeLink({ kind: 'ca', subject: renewed, issuer: root, spoils })
  const below = plan.cas - 1
  const child = writeLink({ kind: below === 0 ? 'device' : 'ca', subject: partyAt(below), issuer: renewed })
  const chain = levels(0, below).map((level) => (level === below ? child : certificateAt(level)))
  const [leaf, ...issuers] = chain
  return { leaf: leaf!, sent: [...issuers, bridge], anchor: certificateAt(plan.cas) }
}

function levels(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

function ordered({ order, registered, cas }: ChainPlan, certificateAt: (level: number) => string): string[] {
  const needed = levels(1, registered - 1).map(certificateAt)
  switch (order) {
    case 'proper':
      return needed
    case 'reversed':
      return needed.toReversed()
    case 'with the root':
      return levels(1, cas).map(certificateAt)
    case 'twice':
      return needed.flatMap((certificate) => [certificate, certificate])
    case 'one missing':
      return needed.slice(1)
    case 'with the device again':
      return [certificateAt(0), ...needed]
  }
}

const weak: readonly Omit<Flaw, 'at'>[] = [
  { name: 'signature: a flipped bit', flip: true },
  { name: 'signature: of another key', signer: stranger },
  { name: 'key: RSA 1024', key: 'rsa of 1024 bits' },
  { name: 'key: RSA 512', key: 'rsa of 512 bits' },
  { name: 'key: curve spelled out', key: 'ec, curve spelled out' },
  { name: 'key: Ed25519', key: 'ed25519' },
]

/** The flaws that lie in a signature or a key. */
export function signatureFlaws(at: number, signer: KeyName): Flaw[] {
  const { kind } = keyOf(signer)
  const bySchemes = Object.entries(schemes[kind]).map(([name, scheme]) => ({ name: `signature: ${name}`, scheme }))
  return [...weak, ...bySchemes].map((flaw) => ({ ...flaw, at }))
}

const plainKeys: readonly KeyName[] = ['ec 1', 'ec 2', 'ec 3', 'rsa 1', 'rsa 2']

/** Keys of a chain, all different, so that no level signs as another. */
export function drawKeys(draw: Draw): KeyName[] {
  return draw.shuffled(plainKeys)
}
