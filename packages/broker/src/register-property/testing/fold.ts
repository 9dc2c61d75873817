import { deviceKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import type { Change } from '@apsaramq/store'
import type { Point, Standing, Step } from './history.ts'

/** What names a certificate in the store. */
export interface KnownCertificate {
  sn: string
  caSn: string
  fingerprint: string
}

/** Folds the changes of the store into the standing of each certificate. */
export class Fold {
  readonly #certificates = new Map<string, KnownCertificate>()
  readonly #names = new Map<string, string>()
  readonly #cas = new Map<string, CaCertificate>()
  readonly #devices = new Map<string, DeviceCertificate>()

  know(name: string, certificate: KnownCertificate): void {
    this.#certificates.set(name, certificate)
    this.#names.set(certificate.fingerprint, name)
  }

  nameOf(fingerprint: string): string | undefined {
    return this.#names.get(fingerprint)
  }

  /** The standing of each certificate, as the first step of a history. */
  beginSteps(): Record<string, Step[]> {
    const entries = [...this.#certificates].map(([name, known]): [string, Step[]] => [
      name,
      [{ at: 0, standing: this.#standing(known), by: undefined }],
    ])
    return Object.fromEntries(entries)
  }

  /** Adds a step to each certificate that a change concerns. */
  onChange(change: Change, at: Point, steps: Record<string, Step[]>): void {
    if (!this.#apply(change)) return
    for (const [name, known] of this.#certificates) {
      const standing = this.#standing(known)
      const before = steps[name]?.at(-1)?.standing
      if (before && isSame(before, standing)) continue
      steps[name]?.push({ at, standing, by: authorOf(change) })
    }
  }

  #apply({ collection, key, before, after }: Change): boolean {
    if (collection === 'caCertificates') {
      const sn = (after ?? before)!.sn
      if (after) this.#cas.set(sn, after)
      else this.#cas.delete(sn)
      return true
    }
    if (collection !== 'deviceCertificates') return false
    if (after) this.#devices.set(key, after)
    else this.#devices.delete(key)
    return true
  }

  #standing({ sn, caSn }: KnownCertificate): Standing {
    const ca = this.#cas.get(caSn)
    const device = ca && this.#devices.get(deviceKey(ca.id, sn))
    return { caId: ca?.id, ca: ca?.status, device: device?.status }
  }
}

function isSame(one: Standing, other: Standing): boolean {
  return one.caId === other.caId && one.ca === other.ca && one.device === other.device
}

/** Which write a change is of: the writes of a history sign with their names. */
function authorOf({ collection, after, by }: Change): string | undefined {
  if (by) return by.requestId
  if (collection !== 'caCertificates' && collection !== 'deviceCertificates') return undefined
  return after?.statusChange?.requestId
}
