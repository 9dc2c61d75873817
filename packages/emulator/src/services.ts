import { lookup } from 'node:dns/promises'
import { createBroker, type Broker } from '@apsaramq/broker'
import { createControlPlane, type ControlPlane } from '@apsaramq/control-plane'
import { maxPacketBytes, type Clock, type Random } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { FastifyInstance } from 'fastify'
import type { AssumptionLedger } from './assumption-ledger.ts'
import type { Settings } from './options.ts'
import type { Recorder } from './recorder.ts'
import type { Seed } from './seed/seed-file.ts'
import { explainListenError, StartError } from './start-error.ts'
import type { Trust } from './trust.ts'

/** What every service of a run shares. */
export interface Shared {
  settings: Settings
  clock: Clock
  random: Random
  /** What an empty store is filled from, and a reset goes back to. */
  seed: Seed
  recorder: Recorder
  ledger: AssumptionLedger
}

/** How long a connected client may take to send its CONNECT. */
const connectTimeoutMs = 10_000

/** Makes the API; it does not listen. */
export function makeControlPlane(store: Store, { settings, recorder, ledger, seed, ...deps }: Shared): ControlPlane {
  return createControlPlane({
    ...deps,
    store,
    log: recorder,
    assume: ledger.touch,
    settings: {
      regionId: settings.region,
      auth: settings.auth,
      limitPerSecond: settings.limit,
      throttle: {
        algorithm: settings.throttle,
        scope: settings.throttleScope,
        per: settings.throttlePer,
        code: settings.throttleCode,
        limitByAction: seed.limits,
        sourceIp: settings.sourceIpLimit,
      },
      errorProfile: settings.errorProfile,
      editions: settings.editions,
      closeConnection: settings.closeConnection,
      httpsOnly: settings.httpsOnly,
      maxCaCertificates: settings.maxCas,
      registerCodeTtlMs: settings.registerCodeTtl * 1000,
    },
  })
}

/** Makes the broker; it does not listen. */
export function makeBroker(
  store: Store,
  trust: Trust,
  { settings, recorder, ledger, ...deps }: Shared,
): Promise<Broker> {
  return createBroker({
    ...deps,
    store,
    log: recorder,
    assume: ledger.touch,
    tls: { key: trust.server.key, cert: trust.server.certificate },
    settings: {
      liveSessions: settings.liveSessions,
      rejectAt: settings.rejectAt,
      caStatus: settings.caStatus,
      expiredSessions: settings.expiredSessions,
      willOnDrop: settings.willOnDrop,
      strict: !settings.loose,
      connectTimeoutMs,
      maxPacketBytes,
    },
  })
}

/**
 * Listens, and tells the port it got.
 *
 * @throws {StartError} when it cannot, naming the flag that helps
 */
export async function listen(app: FastifyInstance, host: string, port: number, flag: string): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw explainListenError(error, host, port, flag)
  }
  return (app.server.address() as { port: number }).port
}

/**
 * The one address a host stands for: fastify would open a second server for a name that has two, and close only one.
 *
 * @throws {StartError} when the name is not known
 */
export async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (error) {
    throw new StartError(`the host ${host} cannot be found: choose another with --host`, { cause: error })
  }
}

/** The host a client on this machine reaches a listener by. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
