import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CaTombstone, Cancel, Clock } from '@apsaramq/model'
import { collections } from './collections.ts'
import type { Store, Transaction, Unsubscribe } from './store.ts'

/** How {@link purgeDeletedCas} works. */
export interface PurgeOptions {
  clock: Clock
  /** Device certificates a transaction deletes; small, since it holds up the others. */
  sliceSize?: number
  /** Told why a slice failed; it is tried again a second later. */
  onTrouble?: (message: string) => void
}

/** How long to wait before a slice that failed is tried again, in milliseconds. */
const retryMs = 1000

/**
 * Deletes the device certificates of deleted CAs in the background, in slices, until no tombstone is left; goes on
 * where it was after a restart, and begins again whenever a CA is deleted. They are unreachable already.
 *
 * @returns `stop`, after which nothing more is begun; a slice under way is completed
 */
export function purgeDeletedCas(store: Store, options: PurgeOptions): { stop(): void } {
  return new Purge(store, options)
}

class Purge {
  readonly #store: Store
  readonly #options: PurgeOptions
  readonly #unsubscribe: Unsubscribe
  readonly #stopReset: Unsubscribe
  #cancelRetry: Cancel | undefined
  #running = false
  #stopped = false

  constructor(store: Store, options: PurgeOptions) {
    this.#store = store
    this.#options = options
    this.#unsubscribe = store.subscribe(({ collection, after }) => {
      if (collection === 'caTombstones' && after) void this.#run()
    })
    this.#stopReset = store.onReset(() => this.#cancelRetry?.()) // no tombstone is left
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelRetry?.()
    this.#unsubscribe()
    this.#stopReset()
  }

  async #run(): Promise<void> {
    await nextTurn() // a run that is about to end has ended by then
    if (this.#running || this.#stopped) return
    this.#running = true
    try {
      while (await this.#purgeSlice()) await nextTurn()
    } catch (error) {
      this.#options.onTrouble?.(`device certificates of a deleted CA could not be purged yet: ${String(error)}`)
      this.#cancelRetry = this.#options.clock.after(retryMs, () => void this.#run())
    } finally {
      this.#running = false
    }
  }

  /** Purges a slice of the oldest tombstone; false where there is nothing to do. */
  async #purgeSlice(): Promise<boolean> {
    const { records } = await this.#store.read.caTombstones.list('all', '', 0, 1)
    const tombstone = records[0]
    if (tombstone === undefined || this.#stopped) return false
    await this.#store.transact((tx) => deleteSlice(tx, tombstone, this.#options.sliceSize ?? 500))
    return true
  }
}

/** From the end, where taking entries out of their group costs least. */
async function deleteSlice(tx: Transaction, { caId, by }: CaTombstone, sliceSize: number): Promise<void> {
  const total = await tx.deviceCertificates.count('byCa', caId)
  const page = await tx.deviceCertificates.list('byCa', caId, Math.max(0, total - sliceSize), sliceSize)
  for (const device of page.records)
    tx.deviceCertificates.delete(collections.deviceCertificates.key(device), { by, withCa: true })
  if (total <= sliceSize) tx.caTombstones.delete(caId)
}
