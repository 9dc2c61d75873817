import type { FastifyInstance } from 'fastify'
import { createApp, type AppOptions } from './app.ts'
import { NonceStore } from './gateway/nonce-store.ts'
import { requestIds } from './gateway/request-ids.ts'
import type { ControlPlaneOptions } from './settings.ts'
import { Throttle } from './throttle/throttle.ts'

/** The control plane: the vendor's HTTP API over a store. */
export interface ControlPlane {
  /** An app that does not listen yet; all apps of a control plane share nonces and limits. */
  createApp(options?: AppOptions): FastifyInstance
  /** Forgets nonces and counted calls. */
  reset(): void
  /** Changes the calls a second per account and operation. @throws {RangeError} unless a whole number from 1 */
  setLimit(perSecond: number): void
}

/**
 * Makes a control plane.
 *
 * @throws {RangeError} when the limit is not a whole number from 1
 * @example
 * const app = createControlPlane(options).createApp()
 * await app.listen({ port: 0 })
 */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { clock, random, log, settings } = options
  const nonces = new NonceStore({ clock })
  const throttle = new Throttle({ clock, limitPerSecond: settings.limitPerSecond })
  const plane = { ...options, nonces, throttle, nextRequestId: requestIds(random) }
  if (settings.auth === 'off') {
    const message = 'auth is off: ANYONE who reaches the API may call it; signatures, times and nonces are not checked'
    log.write({ plane: 'api', kind: 'warn', message })
  }
  return {
    createApp: (appOptions) => createApp(plane, appOptions),
    reset() {
      nonces.reset()
      throttle.reset()
    },
    setLimit: (perSecond) => throttle.setLimit(perSecond),
  }
}
