import { isSerialNumber, type Cause, type Clock } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { ApiError } from '../../api-error.ts'
import { textOf } from '../../signature/form-parameters.ts'
import type { Call } from '../call.ts'
import { nearCertificate, type AskedCertificate } from './near-certificate.ts'
import { nearInstance } from './near-instance.ts'
import { nearOperation } from './near-operation.ts'
import { RecentlyDeleted } from './recently-deleted.ts'
import { SearchBudget } from './search-budget.ts'

/** Records a second that are looked at in all: some fifty searches through a thousand devices. */
const recordsPerSecond = 50_000

/** What the searches work with. */
export interface NearMissOptions {
  store: Store
  clock: Clock
  regionId: string
}

const aboutCertificates: ReadonlySet<Cause> = new Set(['device-not-found', 'ca-not-found'])
const aboutInstances: ReadonlySet<Cause> = new Set(['instance-not-found', 'instance-of-another-account'])

/** The certificate a call names by its serial numbers; undefined where it names none. */
function askedCertificate({ parameters, instance }: Call): AskedCertificate | undefined {
  const text = (name: string) => textOf(parameters, name)
  const caSn = text('CaSn') || text('Sn')
  const deviceSn = text('DeviceSn') || undefined
  if (caSn === '' && deviceSn === undefined) return undefined
  return { instanceId: instance?.id ?? text('MqttInstanceId'), caSn, deviceSn }
}

const serialNumbers = ['CaSn', 'Sn', 'DeviceSn']

/** Whether a serial number fails its own check: it may only be written otherwise. */
function isMisspelled({ parameters }: Call, reason: Cause): boolean {
  if (reason !== 'parameter-invalid') return false
  const given = serialNumbers.map((name) => textOf(parameters, name))
  return given.some((text) => text !== '' && !isSerialNumber(text))
}

/**
 * Finds what comes close to what a refused call asked for (features B8). The answer stays the documented one: only the
 * log says more. Searches run after the refusal, outside of any transaction, on what is committed.
 */
export class NearMisses {
  readonly #options: NearMissOptions
  readonly #deleted: RecentlyDeleted
  readonly #budget: SearchBudget

  constructor(options: NearMissOptions) {
    this.#options = options
    this.#deleted = new RecentlyDeleted(options.store, options.clock)
    this.#budget = new SearchBudget(options.clock, recordsPerSecond)
  }

  /** Undefined where the refusal is none that a slip explains. Never rejects. */
  search(call: Call, refusal: ApiError): Promise<string | undefined> | undefined {
    const { reason } = refusal
    if (reason === 'unknown-operation') return this.#told(this.#operation(call))
    if (aboutInstances.has(reason)) return this.#told(this.#instance(call))
    const asked = aboutCertificates.has(reason) || isMisspelled(call, reason) ? askedCertificate(call) : undefined
    return asked && this.#told(this.#certificate(asked))
  }

  reset(): void {
    this.#deleted.reset()
    this.#budget.reset()
  }

  #certificate(asked: AskedCertificate): Promise<string | undefined> {
    const { read } = this.#options.store
    return nearCertificate(asked, { read, deleted: this.#deleted, budget: this.#budget })
  }

  async #operation({ action }: Call): Promise<string | undefined> {
    return nearOperation(action)
  }

  async #instance({ parameters, operation, caller }: Call): Promise<string | undefined> {
    const { regionId, store } = this.#options
    const id = textOf(parameters, operation?.instanceParameter ?? '')
    const asked = { id, accountId: caller?.accountId ?? '', regionId }
    return nearInstance(asked, { read: store.read, budget: this.#budget })
  }

  /** A search that fails says so in the log; the refusal it was about stands. */
  #told(search: Promise<string | undefined>): Promise<string | undefined> {
    return search.catch((error: unknown) => `not searched for: ${String(error)}`)
  }
}
