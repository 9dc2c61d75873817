import type { Clock, DeviceCertificate } from '@apsaramq/model'
import type { Change, Store, Unsubscribe } from '@apsaramq/store'

/** What is remembered of a registration that was deleted. */
export interface DeletedDevice {
  /** The status it had. */
  status: DeviceCertificate['status']
  /** Epoch milliseconds. */
  deletedAt: number
}

/** Registrations that were deleted since the start or the last reset, as far as they are remembered. */
export interface DeletedDevices {
  /** The deleted registration of this very certificate under this very registration of its CA; forgets it. */
  take(key: string, fingerprint: string): DeletedDevice | undefined
  stop: Unsubscribe
}

/**
 * Remembers deleted registrations, so that it is noticed when one comes back. LIMITS A-23
 *
 * @param capacity registrations remembered at most; the one deleted first is forgotten first
 */
export function createDeletedDevices(store: Store, clock: Clock, capacity = 10_000): DeletedDevices {
  const deleted = new Map<string, DeletedDevice>()
  /** CAs that were deleted: their devices are purged, maybe a million, and cannot come back under them. */
  const purgedCas = new Set<string>()

  function remember(key: string, { fingerprint, status }: DeviceCertificate): void {
    const id = idOf(key, fingerprint)
    deleted.delete(id)
    deleted.set(id, { status, deletedAt: clock.now() })
    if (deleted.size > capacity) deleted.delete(deleted.keys().next().value!)
  }
  function onChange({ collection, key, before, after }: Change): void {
    if (collection === 'caTombstones') purgedCas[after ? 'add' : 'delete'](key)
    if (collection === 'deviceCertificates' && before && !after && !purgedCas.has(before.caId)) remember(key, before)
  }
  const unsubscribe = store.subscribe(onChange)
  const stopReset = store.onReset(() => {
    deleted.clear()
    purgedCas.clear()
  })
  return {
    take(key, fingerprint) {
      const id = idOf(key, fingerprint)
      const found = deleted.get(id)
      deleted.delete(id)
      return found
    },
    stop() {
      unsubscribe()
      stopReset()
    },
  }
}

function idOf(key: string, fingerprint: string): string {
  return `${key} ${fingerprint}`
}
