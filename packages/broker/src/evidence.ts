import type { X509Certificate } from 'node:crypto'
import { deviceKey, type CaCertificate } from '@apsaramq/model'
import type { PathVerdict, PathVerifier } from '@apsaramq/pki'
import { findCas, registeredIn, registeredSomewhere, type CertificateReads } from './evidence-records.ts'
import { chainOf, createKnownChains, type KnownChains } from './identity-chains.ts'
import type { Identity } from './identity.ts'
import type { NamedInstance } from './named-instance.ts'
import type { Evidence } from './verdict.ts'

/** Whose admission is asked for. */
export interface Question {
  identity: Identity
  named: NamedInstance
}

/** What {@link import('./verdict.ts').judge} must know, and the names of the CAs that were asked for. */
export type Gathered = Evidence & { issuers: readonly string[] }

/** Gathers evidence. */
export type GatherEvidence = (reads: CertificateReads, question: Question, now: number) => Promise<Gathered>

type Certified = Extract<Identity, { kind: 'certificate' }>

interface Gathering {
  reads: CertificateReads
  identity: Certified
  named: NamedInstance
  verifier: PathVerifier
  chains: KnownChains
  now: number
}

/**
 * A gatherer that shares what has been found of signatures and chains. What came beside a certificate is looked at
 * only where no registered CA has issued the certificate itself. LIMITS A-28
 */
export function createGatherer(verifier: PathVerifier, chains: KnownChains = createKnownChains()): GatherEvidence {
  return async (reads, { identity, named }, now) => {
    if (identity.kind !== 'certificate' || named.conflict) return nothingKnown(identity, named.conflict)
    const gathering = { reads, identity, named, verifier, chains, now }
    const direct = await gatherBy(gathering, [])
    if (direct.path?.ok) return direct
    const beside = await chainBeside(gathering)
    if (beside.length > 0) return gatherBy(gathering, beside)
    return identity.beside.resumed ? { ...direct, lead: 'lost' } : direct
  }
}

function nothingKnown(presented: Identity, conflict: string | undefined): Gathered {
  const nothing = { ca: undefined, device: undefined, path: undefined }
  return { presented, conflict, ...nothing, chain: [], lead: 'none', issuers: [] }
}

/** What the client sent, or what is known to have come with the certificate when its TLS session began. */
async function chainBeside({ reads, identity, named, chains }: Gathering): Promise<readonly X509Certificate[]> {
  const { beside, facts } = identity
  if (!beside.resumed) return beside.sent()
  const known = chains.recall(facts.fingerprint)
  if (known) return known
  const record = await registeredSomewhere(reads, facts, named)
  return record ? chainOf(record) : []
}

/** Gathers by the registered CAs that are named by an issuer of the certificate or of those beside it. */
async function gatherBy(gathering: Gathering, beside: readonly X509Certificate[]): Promise<Gathered> {
  const { reads, identity, named } = gathering
  const issuers = [...new Set([identity.facts.issuer, ...beside.map(({ issuer }) => issuer ?? '')])]
  const { candidates, conflict } = await findCas(reads, issuers, named)
  const lead = beside.length > 0 ? 'sent' : 'none'
  const base: Gathered = { ...nothingKnown(identity, conflict), lead, issuers }
  if (conflict || candidates.length === 0) return base
  const found = await standing(gathering, candidates, beside)
  return { ...base, ...found, issuers: found.ca ? [...new Set([...issuers, found.ca.subject])] : issuers }
}

type Standing = Pick<Evidence, 'ca' | 'device' | 'path' | 'chain'>

/** Finds the CA under which the certificate stands: where it is registered, else where its path leads. */
async function standing(
  { reads, identity, verifier, chains, now }: Gathering,
  candidates: readonly CaCertificate[],
  beside: readonly X509Certificate[],
): Promise<Standing> {
  const { facts, certificate } = identity
  const devices = await Promise.all(candidates.map((ca) => reads.deviceCertificates.get(deviceKey(ca.id, facts.sn))))
  const at = devices.findIndex((device) => device?.fingerprint === facts.fingerprint)
  // an active CA first: a renewed one may share name and key with its inactive predecessor
  const anchors = at >= 0 ? [candidates[at]!] : candidates.toSorted((one, other) => rank(one) - rank(other))
  const path = verifier.verify(certificate, anchors, now, beside)
  const chain = path.ok ? keep(chains, identity, path) : []
  if (at >= 0) return { ca: candidates[at], device: devices[at], path, chain }
  if (!path.ok) return { ca: anchors[0], device: devices[candidates.indexOf(anchors[0]!)], path, chain }
  const elsewhere = await registeredIn(reads, path.anchor.instanceId, facts, candidates)
  if (elsewhere) return { ...elsewhere, path, chain }
  return { ca: path.anchor, device: devices[candidates.indexOf(path.anchor)], path, chain }
}

/** A path without intermediates leaves what is known alone: it may be one of several. */
function keep(
  chains: KnownChains,
  { facts }: Certified,
  { intermediates }: Extract<PathVerdict<CaCertificate>, { ok: true }>,
): readonly string[] {
  return intermediates.length > 0 ? chains.remember(facts.fingerprint, intermediates) : []
}

function rank(ca: CaCertificate): number {
  return ca.status === 'active' ? 0 : 1
}

/** Whether a certificate is registered under a CA that is not the nearest one that vouches for it. LIMITS A-57 */
export function isRegisteredElsewhere({ ca, path }: Evidence): boolean {
  return path?.ok === true && ca !== undefined && ca.id !== path.anchor.id
}
