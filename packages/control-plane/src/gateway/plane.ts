import type { Throttle } from '../throttle/throttle.ts'
import type { ControlPlaneOptions } from '../settings.ts'
import type { NonceStore } from './nonce-store.ts'

/** What every plugin of the gateway works with; all apps of a control plane share it. */
export interface Plane extends ControlPlaneOptions {
  nonces: NonceStore
  throttle: Throttle
  /** A new RequestId: an upper-case UUID. */
  nextRequestId(): string
}
