import type { DeviceCertificate } from '@apsaramq/model'
import type { Store } from '../store.ts'
import { sampleDevice } from './sample-records.ts'

/** The state of a device: the number of the change that made it, undefined where it is not there. */
type State = number | undefined

/**
 * Keeps book of what a store was asked and has answered, device by device, to compare it with what is found after
 * a crash: the last answered state, or one that was asked for later.
 */
export class AccountBook {
  /** By serial number: every state that was asked for, in order, the first being none. */
  readonly asked = new Map<string, State[]>()
  /** By serial number: the place in `asked` of the last answered state. */
  readonly answered = new Map<string, number>()
  denied = 0
  readonly #isRunning: () => boolean
  #changes = 0

  /** @param isRunning false once the power is cut: a computer that has none answers nobody */
  constructor(isRunning = () => true) {
    this.#isRunning = isRunning
  }

  /** Changes devices in one transaction, all to the same state; `gone` deletes them. */
  async change(store: Store, sns: readonly string[], gone = false): Promise<void> {
    const change = (this.#changes += 1)
    const state = gone ? undefined : change
    const places = sns.map((sn) => this.#ask(sn, state))
    try {
      await store.transact(async (tx) => {
        for (const sn of sns) {
          const device = await tx.deviceCertificates.get(`ca-1/${sn}`)
          if (gone) tx.deviceCertificates.delete(`ca-1/${sn}`)
          else tx.deviceCertificates.put({ ...(device ?? sampleDevice('ca-1', sn)), registeredAt: change })
        }
      })
      if (!this.#isRunning()) return
      for (const [at, sn] of sns.entries()) this.answered.set(sn, Math.max(this.answered.get(sn) ?? 0, places[at]!))
    } catch (error) {
      this.denied += 1
      if (!(error instanceof Error) || error.name !== 'StoreUnavailableError') throw error
    }
  }

  /** What contradicts the answers; empty where nothing does. @param exactly no state but the answered one will do */
  async contradictions(store: Store, exactly = false): Promise<string[]> {
    const found = await Promise.all([...this.asked.keys()].map((sn) => this.#compare(store, sn, exactly)))
    return found.flatMap((text) => text ?? [])
  }

  async #compare(store: Store, sn: string, exactly: boolean): Promise<string | undefined> {
    const found = stateOf(await store.read.deviceCertificates.get(`ca-1/${sn}`))
    const asked = this.asked.get(sn)!
    const last = this.answered.get(sn) ?? 0
    const allowed = exactly ? asked.slice(last, last + 1) : asked.slice(last)
    return allowed.includes(found)
      ? undefined
      : `${sn}: found ${found}, asked ${asked.join(' ')}, answered ${asked[last]}`
  }

  #ask(sn: string, state: State): number {
    const asked = this.asked.get(sn) ?? [undefined]
    this.asked.set(sn, asked)
    return asked.push(state) - 1
  }
}

function stateOf(device: DeviceCertificate | undefined): State {
  return device?.registeredAt
}
