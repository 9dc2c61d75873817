import { deviceKey, type CaCertificate, type Clock, type DeviceCertificate, type StatusChange } from '@apsaramq/model'
import type { Change, Store, Unsubscribe } from '@apsaramq/store'

/** What is remembered of a registration that was deleted. */
export interface DeletedDevice {
  /** The status it had. */
  status: DeviceCertificate['status']
  /** Epoch milliseconds. */
  deletedAt: number
  /** Whether it went with its CA. */
  withCa: boolean
  /** The call that deleted it, as far as it is known. */
  by: StatusChange | undefined
}

interface DeletedCa {
  caIds: string[]
  deletedAt: number
  by: StatusChange | undefined
}

/**
 * Remembers registrations that were deleted since the start or the last reset, so that it is noticed when one comes
 * back. LIMITS A-23
 *
 * Those that went with their CA, maybe a million, are remembered only where they were inactive: coming back active
 * they are let in again, the others go on as they were.
 */
export class DeletedDevices {
  readonly #store: Store
  readonly #clock: Clock
  readonly #capacity: number
  readonly #alone = new Map<string, DeletedDevice>()
  readonly #withCa = new Map<string, DeletedDevice>()
  /** By fingerprint: registered again, a CA has another id. */
  readonly #cas = new Map<string, DeletedCa>()
  readonly #unsubscribe: readonly Unsubscribe[]

  /** @param capacity registrations and CAs remembered at most, of each; the one deleted first is forgotten first */
  constructor(store: Store, clock: Clock, capacity = 10_000) {
    this.#store = store
    this.#clock = clock
    this.#capacity = capacity
    this.#unsubscribe = [store.subscribe((change) => this.#onChange(change)), store.onReset(() => this.#forget())]
  }

  /** The deleted registration of this very certificate, which has just been registered again; forgets it. */
  async recall(ca: CaCertificate, { sn, fingerprint }: { sn: string; fingerprint: string }) {
    const known = this.#alone.get(fingerprint) ?? this.#withCa.get(fingerprint)
    // now, and not after the reads: what is deleted meanwhile is another registration
    this.#alone.delete(fingerprint)
    this.#withCa.delete(fingerprint)
    return known ?? (await this.#unpurged(ca, sn, fingerprint))
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  #forget(): void {
    for (const memory of [this.#alone, this.#withCa, this.#cas]) memory.clear()
  }

  #onChange({ collection, before, after, by, withCa }: Change): void {
    if (collection === 'caCertificates' && before && !after) this.#onCa(before, by)
    if (collection === 'deviceCertificates' && before && !after) this.#onDevice(before, by, withCa)
  }

  #onCa({ id, fingerprint }: CaCertificate, by: StatusChange | undefined): void {
    const caIds = [id, ...(this.#cas.get(fingerprint)?.caIds ?? [])].slice(0, maxIds)
    keep(this.#cas, fingerprint, { caIds, deletedAt: by?.at ?? this.#clock.now(), by }, this.#capacity)
  }

  #onDevice({ status, fingerprint }: DeviceCertificate, by: StatusChange | undefined, withCa = false): void {
    if (withCa && status === 'active') return
    const entry = { status, deletedAt: by?.at ?? this.#clock.now(), withCa, by }
    keep(withCa ? this.#withCa : this.#alone, fingerprint, entry, this.#capacity)
  }

  /** Under a CA that was deleted and is still being purged. */
  async #unpurged(ca: CaCertificate, sn: string, fingerprint: string): Promise<DeletedDevice | undefined> {
    const deleted = this.#cas.get(ca.fingerprint)
    if (!deleted) return undefined
    const { deletedAt, by } = deleted
    for (const caId of deleted.caIds) {
      const record = await this.#store.read.deviceCertificates.get(deviceKey(caId, sn))
      if (record?.fingerprint === fingerprint && record.status === 'inactive')
        return { status: record.status, deletedAt, withCa: true, by }
    }
    return undefined
  }
}

/** Registrations of one CA that are looked at; it is deleted and registered again in seconds at the fastest. */
const maxIds = 8

function keep<T>(memory: Map<string, T>, key: string, entry: T, capacity: number): void {
  memory.delete(key)
  memory.set(key, entry)
  if (memory.size > capacity) memory.delete(memory.keys().next().value!)
}
