import type { FastifyInstance } from 'fastify'
import { createApp, type AppOptions } from './app.ts'
import { DeviationTable, type ConformanceReport } from './gateway/conformance/deviation-table.ts'
import { NearMisses } from './gateway/near-miss/near-misses.ts'
import { maxNonces, NonceStore } from './gateway/nonce-store.ts'
import { Pause } from './gateway/pause.ts'
import { requestIds } from './gateway/request-ids.ts'
import { operations } from './operations/index.ts'
import type { ControlPlaneOptions } from './settings.ts'
import { Throttle } from './throttle/throttle.ts'

/** The control plane: the vendor's HTTP API over a store. */
export interface ControlPlane {
  /** An app that does not listen yet; all apps of a control plane share nonces and limits. */
  createApp(options?: AppOptions): FastifyInstance
  /** What clients sent otherwise than the pages say, and which parameters nobody read (features B7). */
  conformance(): ConformanceReport
  /** Keeps new calls waiting; resolves when those under way have been answered. */
  pause(): Promise<void>
  /** Lets the calls that wait go on, and new ones. */
  resume(): void
  /** How much it remembers. */
  figures(): { nonces: number; throttleWindows: number }
  /** Forgets nonces, counted calls, deviations and deletions. */
  reset(): void
  /**
   * Changes the calls a second per account: of one operation, or of all that are documented at 500.
   *
   * @throws {RangeError} unless it is a whole number from 1 and the operation one that is served; nothing is changed
   */
  setLimit(perSecond: number, action?: string): void
}

/** What most operations are documented at, and the setting changes for all of them. */
const commonQuota = 500

/** The quotas of the operations that are documented at another one. */
const quotaByAction = new Map(
  operations
    .filter(({ quota }) => quota.perSecond !== commonQuota)
    .map(({ action, quota }) => [action, quota.perSecond]),
)

function servedAction(action: string): string {
  if (operations.some((operation) => operation.action === action)) return action
  throw new RangeError(`the limit is of an operation that is served; ${action} is none`)
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
  const nonces = new NonceStore({ clock, capacity: settings.maxNonces ?? maxNonces })
  const throttle = new Throttle({ clock, limitPerSecond: settings.limitPerSecond, quotaByAction })
  const nearMisses = new NearMisses({ store: options.store, clock, regionId: settings.regionId })
  const deviations = new DeviationTable(clock)
  const pause = new Pause()
  const plane = { ...options, nonces, throttle, nearMisses, deviations, pause, nextRequestId: requestIds(random) }
  if (settings.auth === 'off') {
    const message = 'auth is off: ANYONE who reaches the API may call it; signatures, times and nonces are not checked'
    log.write({ plane: 'api', kind: 'warn', message })
  }
  return {
    createApp: (appOptions) => createApp(plane, appOptions),
    reset() {
      nonces.reset()
      throttle.reset()
      nearMisses.reset()
      deviations.reset()
    },
    pause: () => pause.begin(),
    resume: () => pause.end(),
    figures: () => ({ nonces: nonces.size, throttleWindows: throttle.size }),
    conformance: () => deviations.report(),
    setLimit: (perSecond, action) =>
      throttle.setLimit(perSecond, action === undefined ? undefined : servedAction(action)),
  }
}
