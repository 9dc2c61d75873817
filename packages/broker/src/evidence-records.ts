import { deviceKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import type { CertificateFacts } from '@apsaramq/pki'
import type { Reader } from '@apsaramq/store'
import { isSameInstance, type NamedInstance } from './named-instance.ts'

/** Reads of the store, inside a transaction or outside. */
export type CertificateReads = Pick<Reader, 'caCertificates' | 'deviceCertificates'>

/** CAs that are looked at for one certificate; a renewed CA keeps its subject, so a name may have a few. */
const maxCandidates = 32

/** The registered CAs of these names, those of the first name first. */
export async function findCas(
  reads: CertificateReads,
  names: readonly string[],
  named: NamedInstance,
): Promise<{ candidates: CaCertificate[]; conflict: string | undefined }> {
  const pages = await Promise.all(names.map((name) => reads.caCertificates.list('bySubject', name, 0, maxCandidates)))
  const all = pages.flatMap(({ records }) => records).slice(0, maxCandidates)
  const candidates = all.filter((ca) => !named.instanceId || isSameInstance(ca.instanceId, named.instanceId))
  return { candidates, conflict: conflictOf(all, candidates, named) }
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

/** A certificate that is registered, and its CA. */
export interface Registered {
  ca: CaCertificate
  device: DeviceCertificate
}

type Named = Pick<CertificateFacts, 'sn' | 'fingerprint'>

/**
 * Where in an instance this very certificate is registered, apart from CAs that were asked before: it may have come
 * under a CA before one nearer to it was registered. All CAs are asked, as many as a user lets there be: one that was
 * left out might hold an inactive record, which must not come back.
 */
export async function registeredIn(
  reads: CertificateReads,
  instanceId: string,
  facts: Named,
  asked: readonly CaCertificate[],
): Promise<Registered | undefined> {
  const { records } = await reads.caCertificates.list('byInstance', instanceId, 0, Number.MAX_SAFE_INTEGER)
  const others = records.filter(({ id }) => !asked.some((ca) => ca.id === id))
  return (await registeredUnder(reads, others, facts))[0]
}

/** The record of this very certificate in the instance that was named, or in any. */
export async function registeredSomewhere(
  reads: CertificateReads,
  facts: Named,
  named: NamedInstance,
): Promise<DeviceCertificate | undefined> {
  const { records } = await reads.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
  const cas = records.filter((ca) => !named.instanceId || isSameInstance(ca.instanceId, named.instanceId))
  return (await registeredUnder(reads, cas, facts)).map(({ device }) => device).find(({ chain }) => chain)
}

async function registeredUnder(
  { deviceCertificates }: CertificateReads,
  cas: readonly CaCertificate[],
  { sn, fingerprint }: Named,
): Promise<Registered[]> {
  const devices = await Promise.all(cas.map((ca) => deviceCertificates.get(deviceKey(ca.id, sn))))
  return cas.flatMap((ca, index) => {
    const device = devices[index]
    return device?.fingerprint === fingerprint ? [{ ca, device }] : []
  })
}
