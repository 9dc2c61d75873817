import type { Clock, Edition, EventLog, Random, TouchAssumption } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { ErrorProfile } from './errors.ts'
import type { ThrottleSettings } from './throttle/default-rules.ts'

/** What a user decides about the control plane. */
export interface ControlPlaneSettings {
  /** Region whose instances the API serves, for example cn-hangzhou. */
  regionId: string
  /**
   * `off` takes calls without signature, time and nonce. A known AccessKey still stands for its holder; any other call
   * is made as the account that owns the instance asked for.
   */
  auth: 'on' | 'off'
  /** Calls a second of each operation that is documented at 500, or of all together. LIMITS A-05 */
  limitPerSecond: number
  throttle: ThrottleSettings
  /** Whose HTTP status an error has: that of its operation's page, or that of the later notice. LIMITS A-10 */
  errorProfile: ErrorProfile
  /** Editions that have the certificate operations. LIMITS A-11 */
  editions: readonly Edition[]
  /** Whether CloseConnection serves every instance, or those it was first documented for. LIMITS A-44 */
  closeConnection: 'everywhere' | 'beta'
  /** Whether operations that are documented for HTTPS only are refused over HTTP. LIMITS A-43 */
  httpsOnly: 'off' | 'enforce'
  /** CA certificates of one instance. LIMITS A-33 */
  maxCaCertificates: number
  /** How long a register code can be used, in milliseconds; 0 is for ever. LIMITS A-12 */
  registerCodeTtlMs: number
  /** How many nonces are remembered at once, a quarter of them of one access key; 8,000,000 without a value. LIMITS A-68 */
  maxNonces?: number
}

/** What the control plane works with. */
export interface ControlPlaneOptions {
  store: Store
  clock: Clock
  random: Random
  log: EventLog
  assume: TouchAssumption
  settings: ControlPlaneSettings
}
