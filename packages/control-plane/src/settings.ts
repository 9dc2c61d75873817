import type { Clock, EventLog, Random, TouchAssumption } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'

/** What a user decides about the control plane. */
export interface ControlPlaneSettings {
  /** Region whose instances the API serves, for example cn-hangzhou. */
  regionId: string
  /**
   * `off` takes calls without signature, time and nonce. A known AccessKey still stands for its holder; any other call
   * is made as the account that owns the instance asked for.
   */
  auth: 'on' | 'off'
  /** Calls a second per account and operation. */
  limitPerSecond: number
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
