import type { CaCertificate, Clock, DeviceCertificate } from '@apsaramq/model'
import { writeRevocationList, type KeyAndCertificate, type RevokedCertificate } from '@apsaramq/pki'
import type { Store } from '@apsaramq/store'
import type { HeldCas } from '../held-cas.ts'
import { SerialWork } from '../serial-work.ts'

/** What a revocation list is made from. */
export interface CrlParts {
  store: Store
  cas: HeldCas
  clock: Clock
}

/** How long a list may be taken for the newest. */
const validForMs = 10 * 60 * 1000

/** The key of this very CA, undefined where the emulator does not hold it. */
export async function keyOfCa(cas: HeldCas, ca: CaCertificate): Promise<KeyAndCertificate | undefined> {
  const held = (await cas.list()).find(({ fingerprint }) => fingerprint === ca.fingerprint)
  return held && cas.pairOf(held.sn)
}

/** Makes the revocation lists of CAs. */
export interface CrlMaker {
  /** The DER of a list of what is inactive at this moment. */
  make(ca: CaCertificate, key: KeyAndCertificate, parts: Pick<CrlParts, 'store' | 'clock'>): Promise<Uint8Array>
}

/**
 * Lists are made one after another, so that a hundred askers need the memory of one. Their numbers are milliseconds
 * since 1970, each greater than the one before: they grow across restarts, too, as long as the clock does.
 */
export function createCrlMaker(): CrlMaker {
  const work = new SerialWork()
  let last = 0
  return {
    make: (ca, key, { store, clock }) =>
      work.run(async () => {
        const thisUpdate = clock.now()
        last = Math.max(last + 1, thisUpdate)
        const number = last
        const revoked = await inactiveUnder(ca, store)
        return writeRevocationList({ ca: key, revoked, number, thisUpdate, nextUpdate: thisUpdate + validForMs })
      }),
  }
}

/**
 * What a CA has issued itself and is inactive: a list speaks of no other issuer's certificates, so those that came
 * through an intermediate stand on none. Read at once: pages would show several moments.
 */
async function inactiveUnder(ca: CaCertificate, store: Store): Promise<RevokedCertificate[]> {
  const { records } = await store.read.deviceCertificates.list('byCa', ca.id, 0, Number.MAX_SAFE_INTEGER)
  const inactive = records.filter(({ status, chain }) => status === 'inactive' && chain === undefined)
  return inactive.map((device) => ({ sn: device.sn, at: inactiveSince(device) }))
}

/** One that the seed brought inactive has had no change. */
function inactiveSince({ statusChange, registeredAt }: DeviceCertificate): number {
  return statusChange?.at ?? registeredAt
}
