import { caKey, serialNumberKey, type Clock, type DeviceCertificate } from '@apsaramq/model'
import type { Change, Store } from '@apsaramq/store'

const maxRemembered = 1000

const deviceName = (instanceId: string, caSn: string, sn: string) => `${caKey(instanceId, caSn)}/${serialNumberKey(sn)}`

/** Remembers the certificates that were deleted last, so that a call for one of them can be told from a slip. */
export class RecentlyDeleted {
  readonly #clock: Clock
  /** Wall-clock milliseconds by name, oldest first. */
  readonly #deletedAt = new Map<string, number>()
  /** CAs whose devices are being purged: they were not deleted one by one, and would push out those that were. */
  readonly #purging = new Set<string>()

  constructor(store: Store, clock: Clock) {
    this.#clock = clock
    store.subscribe((change) => this.#follow(change))
  }

  /** When a CA was deleted, in wall-clock milliseconds; undefined where that is not remembered. */
  ca(instanceId: string, sn: string): number | undefined {
    return this.#deletedAt.get(caKey(instanceId, sn))
  }

  /** When a device was deleted by itself, in wall-clock milliseconds. */
  device(instanceId: string, caSn: string, sn: string): number | undefined {
    return this.#deletedAt.get(deviceName(instanceId, caSn, sn))
  }

  reset(): void {
    this.#deletedAt.clear()
    this.#purging.clear()
  }

  #follow({ collection, before, after }: Change): void {
    if (collection === 'caTombstones') this.#followPurge(before?.caId, after?.caId)
    if (after !== undefined || before === undefined) return
    if (collection === 'caCertificates') this.#remember(caKey(before.instanceId, before.sn))
    if (collection === 'deviceCertificates' && !this.#purging.has(before.caId)) this.#rememberDevice(before)
  }

  #followPurge(before: string | undefined, after: string | undefined): void {
    if (after !== undefined) this.#purging.add(after)
    else if (before !== undefined) this.#purging.delete(before)
  }

  #rememberDevice({ instanceId, caSn, sn }: DeviceCertificate): void {
    this.#remember(deviceName(instanceId, caSn, sn))
  }

  #remember(name: string): void {
    this.#deletedAt.delete(name)
    this.#deletedAt.set(name, this.#clock.now())
    if (this.#deletedAt.size > maxRemembered) this.#deletedAt.delete(this.#deletedAt.keys().next().value!)
  }
}
