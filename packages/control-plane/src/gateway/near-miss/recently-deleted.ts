import { caKey, serialNumberKey, type Clock, type DeviceCertificate } from '@apsaramq/model'
import type { Change, Store } from '@apsaramq/store'

const maxRemembered = 1000

const deviceName = (instanceId: string, caSn: string, sn: string) => `${caKey(instanceId, caSn)}/${serialNumberKey(sn)}`

/** Remembers the certificates that were deleted last, so that a call for one of them can be told from a slip. */
export class RecentlyDeleted {
  readonly #clock: Clock
  /** Wall-clock milliseconds by name, oldest first. */
  readonly #deletedAt = new Map<string, number>()

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
  }

  /** Devices that went with their CA were not deleted one by one, and would push out those that were. */
  #follow({ collection, before, after, withCa }: Change): void {
    if (after !== undefined || before === undefined || withCa) return
    if (collection === 'caCertificates') this.#remember(caKey(before.instanceId, before.sn))
    if (collection === 'deviceCertificates') this.#rememberDevice(before)
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
