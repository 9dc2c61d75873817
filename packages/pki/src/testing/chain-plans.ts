import type { Asn1 } from '../structure.ts'
import { children } from '../structure.ts'
import type { KeyName } from './chain-writer.ts'
import { drawKeys, orders, signatureFlaws, twists, type ChainPlan, type Flaw } from './chains.ts'
import type { Draw } from './seeded.ts'
import { both, instead, partAt, without, type Spoil } from './spoil.ts'
import { anchorSpoils, ext, leafSpoils } from './spoils.ts'
import { ascii, wrap } from './der.ts'

/** Chains of one to four CAs, each of which may be the registered one. */
const shapes = [1, 2, 3, 4].flatMap((cas) =>
  Array.from({ length: cas }, (_, index) => ({ cas, registered: index + 1 })),
)

function commonNameIn(parts: Asn1[], at: number): Asn1 {
  return children(children(children(parts[at])[0])[0])[1]!
}

/** Changes the common name where one stands. */
function renamed(at: number, change: (name: string) => string): Spoil {
  return (parts) => {
    const name = commonNameIn(parts, at)
    name.value = change(String(name.value))
  }
}

const sameName: Spoil = (parts) => void (parts[partAt.subject] = parts[partAt.issuer]!)
const selfKeyed = instead(ext.aki, wrap('30', wrap('80', '00112233')))
const pathLength = (hex: string) => instead(ext.bc, wrap('30', '0101ff', wrap('02', hex)), true)

/** Of certificates of a chain, which have names of their own. */
const chainSpoils: Record<string, Spoil> = {
  'issuer: in capitals': renamed(partAt.issuer, (name) => name.toUpperCase()),
  'issuer: more white space': renamed(partAt.issuer, (name) => ` ${name.replaceAll(' ', '  ')} `),
  'issuer: another': renamed(partAt.issuer, (name) => `${name}x`),
  'subject: in capitals': renamed(partAt.subject, (name) => name.toUpperCase()),
  'subject: another': renamed(partAt.subject, (name) => `${name}x`),
  'subject: that of the issuer': sameName,
  'subject: that of the issuer, no identifiers': both(sameName, without(ext.aki, ext.ski)),
  'subject: that of the issuer, identifier of another': both(sameName, selfKeyed),
  'path length 1': pathLength('01'),
  'path length 2': pathLength('02'),
  'path length 3': pathLength('03'),
  'path length of 2 octets': pathLength('0100'),
  'path length of 9 octets': pathLength('7f0000000000000000'),
  'path length written long': pathLength('0001'),
  'basic constraints: not DER': instead(ext.bc, '3001', true),
  'key usage: keyCertSign and digitalSignature': instead(ext.ku, '03020284', true),
  'key usage: keyCertSign among unused bits': instead(ext.ku, '03020304', true),
  'Netscape type: SSL CA': instead(ext.netscape, '03020204'),
  policies: instead(ext.policies, wrap('30', wrap('30', '06032a0304'))),
  'name constraints: of a DNS name': instead(
    ext.nameConstraints,
    wrap('30', wrap('a0', wrap('30', wrap('82', ascii('a'))))),
  ),
}

const namedSpoils = Object.entries({ ...leafSpoils, ...anchorSpoils }).filter(
  ([name]) => !/^(subject|issuer|subject and issuer):|^issued by another|^name constraints/.test(name), // they speak of one fixed CA
)
const spoils: readonly [string, Spoil][] = [
  ...namedSpoils,
  ['name constraints: of a name', anchorSpoils['name constraints']!],
  ['name constraints: of a name, critical', anchorSpoils['name constraints, critical']!],
  ...Object.entries(chainSpoils),
]

function flawsAt(at: number, plan: Pick<ChainPlan, 'cas' | 'keys'>): Flaw[] {
  const signer = plan.keys[Math.min(at + 1, plan.cas) % plan.keys.length]!
  return [...spoils.map(([name, spoil]) => ({ name, at, spoil })), ...signatureFlaws(at, signer)]
}

/** The shapes whose every certificate gets every flaw; those left out are drawn. */
const flawedShapes = shapes.filter(({ cas, registered }) =>
  ['1/1', '2/1', '3/2', '3/3'].includes(`${cas}/${registered}`),
)

/** Both kinds sign on every level, so that what is found does not hang on a seed. */
const enumeratedKeys: readonly (readonly KeyName[])[] = [
  ['ec 1', 'rsa 1', 'rsa 2', 'ec 2', 'ec 3'],
  ['rsa 1', 'ec 1', 'ec 2', 'rsa 2', 'ec 3'],
]

/** Every shape with every order and twist, and every certificate of the most telling ones with every single flaw. */
export function singleFlaws(): ChainPlan[] {
  const plainOf = (shape: (typeof shapes)[number], index: number) =>
    ({ ...shape, order: 'proper', twist: 'none', flaws: [], keys: enumeratedKeys[index % 2]! }) as const
  const unflawed = shapes
    .map(plainOf)
    .flatMap((plain) => [
      ...orders.map((order) => ({ ...plain, order })),
      ...twists.map((twist) => ({ ...plain, twist })),
    ])
  const flawed = flawedShapes.map(plainOf).flatMap((plain) => {
    const levels = Array.from({ length: plain.registered + 1 }, (_, level) => level)
    return levels.flatMap((level) => flawsAt(level, plain)).map((flaw) => ({ ...plain, flaws: [flaw] }))
  })
  return [...unflawed, ...flawed]
}

/** A chain with anything from no flaw to three, in any order and with any twist. */
export function drawPlan(draw: Draw): ChainPlan {
  const shape = draw.one(shapes)
  const keys = drawKeys(draw)
  const levels = draw.shuffled(Array.from({ length: shape.registered + 1 }, (_, level) => level))
  const drawn = levels.slice(0, draw.number(4)).map((level) => draw.one(flawsAt(level, { ...shape, keys })))
  // an algorithm is of a kind of key: not every other key can sign by it
  const isSignable = ({ at, scheme }: Flaw) => !scheme || !drawn.some((above) => above.key && above.at === at + 1)
  const flaws = drawn.filter(isSignable)
  return {
    ...shape,
    keys,
    order: draw.once(2) ? 'proper' : draw.one(orders),
    twist: draw.once(2) ? 'none' : draw.one(twists),
    flaws,
  }
}

/** A plan in words, for who must find it again. */
export function inWords({ cas, registered, order, twist, flaws }: ChainPlan): string {
  const said = flaws.map(({ at, name }) => `${name} at ${at}`).join('; ')
  return `${cas} CAs, number ${registered} registered, sent ${order}, twist ${twist}: ${said || 'no flaw'}`
}
