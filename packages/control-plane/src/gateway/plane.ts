import type { Throttle } from '../throttle/throttle.ts'
import type { WarningPace } from '../throttle/warning-pace.ts'
import type { ControlPlaneOptions } from '../settings.ts'
import type { DeviationTable } from './conformance/deviation-table.ts'
import type { NearMisses } from './near-miss/near-misses.ts'
import type { NonceStore } from './nonce-store.ts'
import type { Pause } from './pause.ts'

/** What every plugin of the gateway works with; all apps of a control plane share it. */
export interface Plane extends ControlPlaneOptions {
  nonces: NonceStore
  throttle: Throttle
  /** How often a limit that only warns is heard. */
  warnings: WarningPace
  nearMisses: NearMisses
  deviations: DeviationTable
  pause: Pause
  /** A new RequestId: an upper-case UUID. */
  nextRequestId(): string
}
