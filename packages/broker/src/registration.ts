import type { DeviceCertificate } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { GatherEvidence, Question } from './evidence.ts'
import type { CaStatusRule } from './settings.ts'
import { judge, type Verdict } from './verdict.ts'

/**
 * Registers a device certificate, judging it again with what the transaction sees: what has changed since it was
 * judged first, or another connection of the same certificate that was faster, counts.
 *
 * @param isWanted whether the connection is still there
 * @returns the verdict inside the transaction; `register` means that the record was written, undefined that it was not
 *   as nobody wants it any more
 * @throws StoreUnavailableError when it could not be made durable
 */
export async function registerDevice(
  store: Store,
  gather: GatherEvidence,
  question: Question,
  at: { now: number; caStatus: CaStatusRule; isWanted(): boolean },
): Promise<Verdict | undefined> {
  return store.transact(async (tx) => {
    const verdict = judge(await gather(tx, question, at.now), at.caStatus)
    if (verdict.kind !== 'register') return verdict
    // an instance of one-way TLS registers nothing: which one the CA is of may have changed since
    const instance = await tx.instances.get(verdict.ca.instanceId)
    if (!at.isWanted() || instance?.tls !== 'mutual') return undefined
    tx.deviceCertificates.put(recordOf(verdict, at.now))
    return verdict
  })
}

function recordOf({ ca, facts, chain }: Extract<Verdict, { kind: 'register' }>, now: number): DeviceCertificate {
  return {
    caId: ca.id,
    instanceId: ca.instanceId,
    caSn: ca.sn,
    sn: facts.sn,
    name: facts.commonName, // LIMITS A-21
    status: 'active',
    certificate: Buffer.from(facts.der).toString('base64'),
    ...(chain.length > 0 ? { chain: [...chain] } : {}),
    fingerprint: facts.fingerprint,
    validFrom: facts.validFrom,
    validUntil: facts.validUntil,
    registeredAt: now,
    statusChange: null,
  }
}
