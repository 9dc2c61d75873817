import { withinInstance } from '@apsaramq/model'
import type { Change, SessionChange } from '@apsaramq/store'
import type { AedesBroker } from './aedes-inside.ts'
import type { Hubs } from './hubs.ts'
import { createKeyedSets } from './keyed-sets.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'

/** What following persistent sessions needs. */
export interface SessionStateDeps extends Pick<BrokerOptions, 'store' | 'log' | 'assume'> {
  index: SessionIndex
  hubs: Pick<Hubs, 'forget'>
}

/** A client with a persistent session, and the record that let it in last. */
interface Holder {
  key: string
  instanceId: string
  clientId: string
  deviceKey: string
  deviceSn: string | null
  caId: string
  /** Its record is gone, and it is still connected. */
  isOrphan: boolean
}

/**
 * Forgets the persistent sessions of a device with its record: an inactivation keeps them, a deletion does not.
 * One that outlives the deletion of its record goes when its connection ends. LIMITS A-77
 *
 * @param capacity clients that are known; of the others the one that came first is forgotten, and keeps its session
 * @returns stops it
 */
export function followSessionStates(deps: SessionStateDeps, capacity = 100_000): () => void {
  const states = new SessionStates(deps, capacity)
  const stops = [
    deps.store.sessions.subscribe((change) => states.onSession(change)),
    deps.store.subscribe((change) => states.onChange(change)),
    deps.store.onReset(() => states.clear()),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

class SessionStates {
  readonly #deps: SessionStateDeps
  readonly #capacity: number
  readonly #holders = new Map<string, Holder>()
  readonly #byDevice = createKeyedSets<Holder>()
  readonly #byCa = createKeyedSets<Holder>()

  constructor(deps: SessionStateDeps, capacity: number) {
    this.#deps = deps
    this.#capacity = capacity
  }

  clear(): void {
    for (const memory of [this.#holders, this.#byDevice, this.#byCa]) memory.clear()
  }

  onSession({ before, after }: SessionChange): void {
    if (after) return this.#onJoined(after.id)
    if (!before) return
    const holder = this.#holders.get(withinInstance(before.instanceId, before.clientId))
    if (holder?.isOrphan) this.#release([holder])
  }

  onChange({ collection, key, before, after }: Change): void {
    if (!before) return
    if (collection === 'deviceCertificates' && !after) this.#abandon(this.#byDevice.get(key))
    if (collection === 'caCertificates' && before.id !== after?.id) this.#abandon(this.#byCa.get(before.id))
  }

  #onJoined(sessionId: string): void {
    const admitted = this.#deps.index.bySession(sessionId)?.admitted
    if (!admitted) return
    const { deviceKey, session, clean } = admitted
    const { instanceId, clientId, deviceSn, caId } = session
    const key = withinInstance(instanceId, clientId)
    const older = this.#holders.get(key)
    if (older) this.#remove(older)
    if (clean || deviceKey === undefined || caId === null) return
    this.#add({ key, instanceId, clientId, deviceKey, deviceSn, caId, isOrphan: false })
  }

  #add(holder: Holder): void {
    this.#holders.set(holder.key, holder)
    this.#byDevice.add(holder.deviceKey, holder)
    this.#byCa.add(holder.caId, holder)
    if (this.#holders.size > this.#capacity) this.#remove(this.#holders.values().next().value!)
  }

  #remove(holder: Holder): void {
    this.#holders.delete(holder.key)
    this.#byDevice.delete(holder.deviceKey, holder)
    this.#byCa.delete(holder.caId, holder)
  }

  #abandon(holders: Holder[]): void {
    const isLive = ({ instanceId, clientId }: Holder) => this.#deps.index.liveByClient(instanceId, clientId).length > 0
    for (const holder of holders) holder.isOrphan = isLive(holder)
    this.#release(holders.filter((holder) => !holder.isOrphan))
  }

  #release(holders: Holder[]): void {
    if (holders.length === 0) return
    const { hubs, log, assume } = this.#deps
    for (const holder of holders) {
      this.#remove(holder)
      assume('A-77', holder.deviceSn ?? undefined)
      hubs.forget(holder.instanceId, holder.clientId).catch((error: Error) => {
        const message = `the session of ${holder.clientId} could not be forgotten: ${error.message}`
        log.write({ plane: 'mqtt', kind: 'warn', cause: 'internal-error', message, clientId: holder.clientId })
      })
    }
    log.write({ plane: 'mqtt', kind: 'warn', ...forgotten(holders) })
  }
}

function forgotten(holders: readonly Holder[]) {
  const [first] = holders as [Holder, ...Holder[]] // not called without
  const message = `the persistent sessions of ${holders.length} clients were forgotten, with subscriptions and queues: the records of their device certificates were deleted`
  if (holders.length > 1) return { message, instanceId: first.instanceId }
  const { instanceId, clientId, deviceSn } = first
  return {
    message: `the persistent session of ${clientId} was forgotten, with subscriptions and queue: the record of its device certificate was deleted`,
    instanceId,
    clientId,
    ...(deviceSn !== null && { deviceSn }),
  }
}

/** Forgets what is kept of a client that is not connected: its subscriptions, and messages on their way to and from it. */
export async function forgetSession(aedes: AedesBroker, clientId: string): Promise<void> {
  const client = { id: clientId }
  aedes.clearSessionExpiry(clientId)
  await aedes.persistence.cleanSubscriptions(client)
  await aedes.persistence.cleanIncoming(client)
}
