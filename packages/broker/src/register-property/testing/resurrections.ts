import type { LogEntryInput } from '@apsaramq/model'
import type { Change } from '@apsaramq/store'
import type { Point } from './history.ts'

/** Notices registrations that were deleted and come back without a warning; remembers from history to history. */
export class Resurrections {
  /** Fingerprints whose registration was deleted. */
  readonly #deleted = new Set<string>()
  #awaited: { fingerprint: string; at: Point }[] = []

  begin(): void {
    this.#awaited = []
  }

  onChange({ collection, before, after, withCa }: Change): void {
    if (collection !== 'deviceCertificates' || !before || after) return
    // what went with its CA is remembered only where it was inactive
    if (!withCa || before.status === 'inactive') this.#deleted.add(before.fingerprint)
  }

  onEntry({ kind, cause }: LogEntryInput, fingerprint: string, at: Point): void {
    if (kind === 'register' && this.#deleted.delete(fingerprint)) this.#awaited.push({ fingerprint, at })
    if (kind === 'warn' && (cause === 'device-deleted' || cause === 'ca-deleted')) {
      this.#awaited = this.#awaited.filter((one) => one.fingerprint !== fingerprint)
    }
  }

  /** Registrations for which a warning is still awaited. */
  unwarned(): readonly { fingerprint: string; at: Point }[] {
    return this.#awaited
  }
}
