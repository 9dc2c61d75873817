import type { FastifyInstance } from 'fastify'
import { createApp, type AppOptions } from './app.ts'
import { DeviationTable, type ConformanceReport } from './gateway/conformance/deviation-table.ts'
import { NearMisses } from './gateway/near-miss/near-misses.ts'
import { maxNonces, NonceStore } from './gateway/nonce-store.ts'
import { Pause } from './gateway/pause.ts'
import type { Plane } from './gateway/plane.ts'
import { requestIds } from './gateway/request-ids.ts'
import { operations } from './operations/index.ts'
import type { ControlPlaneOptions } from './settings.ts'
import { throttleRules } from './throttle/default-rules.ts'
import type { LimitUsage } from './throttle/limit-usage.ts'
import {
  Throttle,
  type ChangedLimit,
  type ForgottenUsage,
  type LimitChange,
  type RuleStatus,
} from './throttle/throttle.ts'
import { WarningPace } from './throttle/warning-pace.ts'

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
  /** The rules of the throttle with their limits as they are now, and what came of the calls of each caller. */
  limits(): { rules: RuleStatus[]; usage: LimitUsage[]; forgotten: ForgottenUsage[] }
  /**
   * Changes a limit for the next call on, until the next reset; no call is forgotten.
   *
   * @throws {RangeError} as a rejection, unless it is a whole number from 1, of a rule that there is, an operation that is
   *   served, an account that is known; nothing is changed then
   */
  setLimit(change: LimitChange): Promise<ChangedLimit>
  /** Puts every limit back to what it was made with; no call is forgotten. */
  resetLimits(): void
}

/** What most operations are documented at, and the setting changes for all of them. */
const commonQuota = 500

/** The quotas of the operations that are documented at another one. */
const quotaByAction = Object.fromEntries(
  operations
    .filter(({ quota }) => quota.perSecond !== commonQuota)
    .map(({ action, quota }) => [action, quota.perSecond]),
)

function checkServed(action: string): void {
  if (operations.some((operation) => operation.action === action)) return
  throw new RangeError(`the limit is of an operation that is served; ${action} is none`)
}

function makeThrottle({ clock, settings }: ControlPlaneOptions): Throttle {
  const { limitByAction } = settings.throttle
  for (const action of Object.keys(limitByAction)) checkServed(action)
  const rules = throttleRules(settings.throttle, settings.limitPerSecond, { ...quotaByAction, ...limitByAction })
  return new Throttle({ clock, rules })
}

async function changeLimit({ throttle, store }: Plane, change: LimitChange): Promise<ChangedLimit> {
  const { action, accountId } = change
  if (action !== undefined) checkServed(action)
  if (accountId !== undefined && !(await store.read.accounts.get(accountId)))
    throw new RangeError(`the limit is of an account that is known; ${accountId} is none`)
  return throttle.setLimit(change)
}

/**
 * Makes a control plane.
 *
 * @throws {RangeError} when a limit is not a whole number from 1, or of an operation that is not served
 * @example
 * const app = createControlPlane(options).createApp()
 * await app.listen({ port: 0 })
 */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { clock, random, log, settings } = options
  const nonces = new NonceStore({ clock, capacity: settings.maxNonces ?? maxNonces })
  const throttle = makeThrottle(options)
  const warnings = new WarningPace(clock)
  const nearMisses = new NearMisses({ store: options.store, clock, regionId: settings.regionId })
  const deviations = new DeviationTable(clock)
  const pause = new Pause()
  const plane = {
    ...options,
    nonces,
    throttle,
    warnings,
    nearMisses,
    deviations,
    pause,
    nextRequestId: requestIds(random),
  }
  if (settings.auth === 'off') {
    const message = 'auth is off: ANYONE who reaches the API may call it; signatures, times and nonces are not checked'
    log.write({ plane: 'api', kind: 'warn', message })
  }
  return {
    createApp: (appOptions) => createApp(plane, appOptions),
    reset() {
      nonces.reset()
      throttle.reset()
      warnings.reset()
      nearMisses.reset()
      deviations.reset()
    },
    pause: () => pause.begin(),
    resume: () => pause.end(),
    figures: () => ({ nonces: nonces.size, throttleWindows: throttle.size }),
    conformance: () => deviations.report(),
    limits: () => ({ rules: throttle.rules(), usage: throttle.usage(), forgotten: throttle.forgotten() }),
    setLimit: (change) => changeLimit(plane, change),
    resetLimits: () => throttle.resetLimits(),
  }
}
