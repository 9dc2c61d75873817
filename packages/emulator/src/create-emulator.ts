import type { ControlPlane } from '@apsaramq/control-plane'
import { systemClock, systemRandom, type Clock, type LogEntry, type Random } from '@apsaramq/model'
import { purgeDeletedCas } from '@apsaramq/store'
import { endpointsFileOf, type Endpoints } from '@apsaramq/testkit/http'
import { createAssumptionLedger, type LedgerEntry } from './assumption-ledger.ts'
import { configure, isChanged } from './configure.ts'
import { describeEndpoints, registrarOf, type Place, type Ports } from './endpoints.ts'
import { openHeldCas } from './held-cas.ts'
import { LifecycleBook } from './lifecycle/lifecycle-book.ts'
import { LimitWatch } from './limits/limit-watch.ts'
import { LogStreams } from './log-streams.ts'
import { createManagementApp, NotReadyError } from './management/app.ts'
import type { CertificateParts } from './management/certificates.ts'
import type { ResetRequest } from './management/reset.ts'
import { Metrics } from './metrics/metrics.ts'
import type { Settings } from './options.ts'
import { openMqttPorts } from './mqtt-ports.ts'
import { PublishedEndpoints } from './published-endpoints.ts'
import { createReadiness, type Readiness } from './readiness.ts'
import { createRecorder } from './recorder.ts'
import { resetAll, type ResetParts } from './reset-all.ts'
import { SerialWork } from './serial-work.ts'
import { seedIfEmpty, seedOf } from './seeding.ts'
import { addressOf, listen, makeBroker, makeControlPlane, reachableHost, type Shared } from './services.ts'
import { openState, type State } from './state.ts'
import { certificateNames, openTrust, type Trust } from './trust.ts'

/** How an emulator is made. */
export interface EmulatorOptions {
  /** What differs from the defaults of the table of options. */
  settings?: Partial<Settings>
  clock?: Clock
  random?: Random
  /** Told every log entry; the emulator itself prints nothing. */
  onLog?(entry: LogEntry): void
}

/** A running emulator. */
export interface Emulator {
  readonly endpoints: Endpoints
  /** Which assumptions there are, and how often the run has rested on each. */
  assumptions(): LedgerEntry[]
  reset(request?: Partial<ResetRequest>): Promise<void>
  /** Ends everything in order; resolves when nothing is left. */
  close(): Promise<void>
}

/** What is ended at the close, last come first. */
type Closers = (() => Promise<unknown>)[]

/** Closes everything, also what comes after a failure; returns the failures. */
async function closeAll(closers: Closers): Promise<unknown[]> {
  const failures: unknown[] = []
  for (let close = closers.pop(); close; close = closers.pop()) {
    await close().catch((error: unknown) => failures.push(error))
  }
  return failures
}

async function closeCleanly(closers: Closers): Promise<void> {
  const failures = await closeAll(closers)
  if (failures.length > 0)
    throw new AggregateError(failures, `not everything was closed in order: ${failures.join('; ')}`)
}

/** Both are asked for at once, so that /ready answers while a large store is read; a directory in use is the better news. */
async function openStateAndManagement(shared: Shared, listening: Promise<number>, closers: Closers) {
  const { settings, clock, recorder } = shared
  const onTrouble = (message: string) => recorder.write({ plane: 'emulator', kind: 'warn', message })
  const [state, managementPort] = await Promise.allSettled([openState(settings, { clock, onTrouble }), listening])
  if (state.status === 'rejected') throw state.reason
  closers.push(() => state.value.close())
  if (managementPort.status === 'rejected') throw managementPort.reason
  return { state: state.value, managementPort: managementPort.value }
}

/** The API on both ports and the broker, listening. */
async function startServices(state: State, trust: Trust, shared: Shared, readiness: Readiness, closers: Closers) {
  const { settings } = shared
  const controlPlane = makeControlPlane(state.store, shared)
  const https = { key: trust.server.key, cert: trust.server.certificate }
  const apps = { api: controlPlane.createApp(), apiTls: controlPlane.createApp({ https }) }
  closers.push(() => Promise.all([apps.api.close(), apps.apiTls.close()]))
  const api = await listen(apps.api, settings.host, settings.apiPort, 'api-port')
  readiness.done('api')
  const apiTls = await listen(apps.apiTls, settings.host, settings.apiTlsPort, 'api-tls-port')
  readiness.done('api-tls')
  const broker = await makeBroker(state.store, trust, shared)
  closers.push(() => broker.close())
  const ports = await openMqttPorts(broker, shared, readiness)
  return { controlPlane, apps, broker, ports: { api, apiTls, ...ports } }
}

/** Resets one after another; a close waits for the one under way. */
function serialReset(parts: ResetParts, closers: Closers): Emulator['reset'] {
  const resets = new SerialWork()
  closers.push(() => resets.idle())
  return (request) => resets.run(() => resetAll({ to: 'seed', trust: 'keep', ...request }, parts))
}

function shareOf(options: EmulatorOptions): Shared {
  const { clock = systemClock, random = systemRandom, onLog = () => undefined } = options
  const settings = { ...configure().settings, ...options.settings }
  const ledger = createAssumptionLedger((flag) => isChanged(settings, flag))
  const seed = seedOf(settings.seed, clock)
  return { settings, clock, random, seed, recorder: createRecorder(clock, onLog), ledger }
}

/**
 * Starts an emulator and resolves when it is ready: every port listens, the seed is in, the endpoints are written.
 *
 * @throws {StartError} when a port, an address or the seed file cannot be used
 * @throws {DataDirectoryError} when the data directory cannot be used
 * @example
 * const emulator = await createEmulator({ settings: { ephemeral: true, apiPort: 0, apiTlsPort: 0, mqttsPort: 0, managementPort: 0 } })
 * console.log(emulator.endpoints.api)
 * await emulator.close()
 */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const closers: Closers = []
  try {
    return await start(shareOf(options), closers)
  } catch (error) {
    const unclean = await closeAll(closers)
    if (unclean.length === 0) throw error
    throw new AggregateError([error, ...unclean], `${String(error)}; then: ${unclean.join('; ')}`, { cause: error })
  }
}

/** What the management port can only do once the start is over. */
interface Late {
  parts?: CertificateParts
  reset?: Emulator['reset']
  controlPlane?: ControlPlane
}

/** What is counted and streamed from the first entry of the log on. */
function watch({ recorder, ledger, clock }: Shared) {
  const streams = new LogStreams(recorder, clock)
  const limitWatch = new LimitWatch(recorder, clock)
  const limitStreams = new LogStreams(limitWatch.events, clock)
  return { streams, limitWatch, limitStreams, metrics: new Metrics({ recorder, ledger, streams, clock }) }
}

function managementOf(shared: Shared, watched: ReturnType<typeof watch>, readiness: Readiness, late: Late) {
  const { settings, recorder, ledger } = shared
  return createManagementApp({
    ...watched,
    readiness,
    recorder,
    ledger,
    log: recorder,
    token: settings.managementToken,
    hosts: ['localhost', '127.0.0.1', '::1', ...settings.serverNames],
    parts: () => late.parts ?? notReady(readiness),
    reset: (request) => (late.reset ?? notReady(readiness))(request),
    conformance: () => (late.controlPlane ?? notReady(readiness)).conformance(),
    throttle: () => late.controlPlane ?? notReady(readiness),
  })
}

async function start(shared: Shared, closers: Closers): Promise<Emulator> {
  const { settings, clock, ledger } = shared
  const readiness = createReadiness()
  const late: Late = {}
  const watched = watch(shared)
  const management = managementOf(shared, watched, readiness, late)
  closers.push(() => management.close())
  const host = await addressOf(settings.host)
  const managementHost = settings.managementToken === '' ? '127.0.0.1' : host
  const listening = listen(management, managementHost, settings.managementPort, 'management-port')
  const { state, managementPort } = await openStateAndManagement(shared, listening, closers)
  readiness.done('store')

  const names = certificateNames(settings.region, settings.serverNames)
  const trust = await openTrust(state.keys, names, shared)
  readiness.done('trust')
  await seedIfEmpty(state, trust, shared)
  const lifecycles = new LifecycleBook(state.store, shared.recorder, clock)
  const purge = purgeDeletedCas(state.store, { clock })
  closers.push(async () => purge.stop())
  readiness.done('seed')

  const services = await startServices(state, trust, { ...shared, settings: { ...settings, host } }, readiness, closers)
  watched.metrics.measure({ store: state.store, controlPlane: services.controlPlane })
  state.store.onReset(() => watched.limitWatch.reset())
  const ports: Ports = { ...services.ports, management: managementPort }
  const hosts = { service: reachableHost(settings.host), management: reachableHost(managementHost) }
  const place = { hosts, ports, caFile: trust.caFile, regionId: settings.region }
  const published = await publishEndpoints(state, place, settings, closers)
  late.parts = { ...managementParts(state, published, shared), lifecycles }
  late.controlPlane = services.controlPlane
  late.reset = serialReset({ state, names, shared, services, onSeeded: () => published.publish() }, closers)
  readiness.done('endpoints')
  return {
    get endpoints() {
      return published.current
    },
    assumptions: ledger.entries,
    reset: late.reset,
    close: () => closeCleanly(closers),
  }
}

async function publishEndpoints(state: State, place: Place, settings: Settings, closers: Closers) {
  const files = [...(settings.ephemeral ? [] : [endpointsFileOf(state.directory)]), settings.endpointsFile]
  const published = new PublishedEndpoints(() => describeEndpoints(state.store, place), files.filter(Boolean))
  closers.push(() => published.withdraw())
  await published.publish()
  return published
}

function managementParts({ store, keys }: State, published: PublishedEndpoints, shared: Shared) {
  const { clock, random } = shared
  return {
    store,
    clock,
    random,
    cas: openHeldCas(keys, shared),
    registrar: (id: string | undefined) => registrarOf(store, published.current, id),
    defaultInstance: () => published.current.instanceId,
  }
}

function notReady(readiness: Readiness): never {
  throw new NotReadyError(`the emulator is starting; pending: ${readiness.pending().join(', ')}`)
}
