import { deviceKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import type { createPathVerifier } from '@apsaramq/pki'
import type { Reader } from '@apsaramq/store'
import type { Identity } from './identity.ts'
import { isSameInstance, type NamedInstance } from './named-instance.ts'
import type { Evidence } from './verdict.ts'

/** Reads of the store, inside a transaction or outside. */
export type CertificateReads = Pick<Reader, 'caCertificates' | 'deviceCertificates'>

/** Whose admission is asked for. */
export interface Question {
  identity: Identity
  named: NamedInstance
}

/** Gathers what {@link import('./verdict.ts').judge} must know. */
export type GatherEvidence = (reads: CertificateReads, question: Question, now: number) => Promise<Evidence>

/** CAs of one subject that are looked at; a renewed CA keeps its subject, so there may be a few. */
const maxCandidates = 32

type Certified = Extract<Identity, { kind: 'certificate' }>

/** A gatherer that shares what has been found of signatures. */
export function createGatherer(verifier: ReturnType<typeof createPathVerifier>): GatherEvidence {
  return async (reads, { identity, named }, now) => {
    const nothing: Evidence = {
      presented: identity,
      conflict: named.conflict,
      ca: undefined,
      device: undefined,
      path: undefined,
    }
    if (identity.kind !== 'certificate' || named.conflict) return nothing
    const { records } = await reads.caCertificates.list('bySubject', identity.facts.issuer, 0, maxCandidates)
    const candidates = records.filter((ca) => !named.instanceId || isSameInstance(ca.instanceId, named.instanceId))
    const conflict = conflictOf(records, candidates, named)
    if (conflict || candidates.length === 0) return { ...nothing, conflict }
    return { ...nothing, ...(await standing(reads, identity, candidates, verifier, now)) }
  }
}

function conflictOf(all: CaCertificate[], candidates: CaCertificate[], named: NamedInstance): string | undefined {
  const instances = new Set(all.map((ca) => ca.instanceId))
  if (all.length > 0 && candidates.length === 0) {
    return `the client asks for instance ${named.instanceId}, its CA is registered with ${[...instances].join(', ')}`
  }
  if (!named.instanceId && instances.size > 1) {
    return `the CA is registered with ${[...instances].join(', ')}, and neither server name nor username names one of them`
  }
  return undefined
}

/** Finds the CA under which the certificate stands: where it is registered, else where its path leads. */
async function standing(
  reads: CertificateReads,
  { facts, certificate }: Certified,
  candidates: CaCertificate[],
  verifier: ReturnType<typeof createPathVerifier>,
  now: number,
): Promise<Pick<Evidence, 'ca' | 'device' | 'path'>> {
  const devices = await Promise.all(candidates.map((ca) => reads.deviceCertificates.get(deviceKey(ca.id, facts.sn))))
  const at = devices.findIndex((device) => device?.fingerprint === facts.fingerprint)
  if (at >= 0) {
    const ca = candidates[at]!
    return { ca, device: devices[at], path: verifier.verify(certificate, [ca], now) }
  }
  // an active CA first: a renewed one may share name and key with its inactive predecessor
  const anchors = candidates.toSorted((one, other) => rank(one) - rank(other))
  const path = verifier.verify(certificate, anchors, now)
  const ca = path.ok ? path.anchor : anchors[0]!
  const device: DeviceCertificate | undefined = devices[candidates.indexOf(ca)]
  return { ca, device, path }
}

function rank(ca: CaCertificate): number {
  return ca.status === 'active' ? 0 : 1
}
