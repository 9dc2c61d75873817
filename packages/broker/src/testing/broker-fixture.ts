import {
  caKey,
  deviceKey,
  manualClock,
  systemClock,
  systemRandom,
  toHex,
  type CaCertificate,
  type DeviceCertificate,
  type ManualClock,
  type StatusChange,
} from '@apsaramq/model'
import { inspectCertificate, issueCa, issueDevice, issueServer, type KeyAndCertificate } from '@apsaramq/pki'
import { createMemoryStore, type SeedRecords, type Store } from '@apsaramq/store'
import { createBroker, type Broker, type BrokerSettings, type Transport } from '../index.ts'
import { createMemoryLog, type MemoryLog } from './memory-log.ts'

/** A CA of a test: what signs, and its record, registered or not. */
export interface TestCa extends KeyAndCertificate {
  record: CaCertificate
}

/** A device of a test. */
export interface TestDevice extends KeyAndCertificate {
  sn: string
  ca: TestCa
  /** Key of its record. */
  recordKey: string
}

type DeviceRequest = Partial<Omit<Parameters<typeof issueDevice>[0], 'ca'>>

type CaRequest = { instanceId?: string } & Partial<Omit<Parameters<typeof issueCa>[0], 'ca'>>

/** A running broker on a memory store, and what a test does to it. */
export interface BrokerFixture {
  store: Store
  broker: Broker
  log: MemoryLog
  clock: ManualClock
  /** Of MQTT over TLS. */
  port: number
  /** Listens on one more port, until the broker is closed. */
  listen(transport: Transport): Promise<number>
  /** PEM of the CA of the server certificate. */
  serverCa: string
  /** Registered and active with {@link firstInstance}. */
  ca: TestCa
  makeCa(request?: CaRequest): Promise<TestCa>
  registerCa(ca: TestCa): Promise<void>
  makeDevice(request?: DeviceRequest & { ca?: TestCa }): Promise<TestDevice>
  /** As the API would: by access key LTAItest and a request named `R-…`. */
  setDeviceStatus(device: TestDevice, status: 'active' | 'inactive'): Promise<StatusChange>
  setCaStatus(ca: TestCa, status: 'active' | 'inactive'): Promise<StatusChange>
  deleteDevice(device: TestDevice): Promise<void>
  deleteCa(ca: TestCa): Promise<void>
  recordOf(device: TestDevice): Promise<DeviceCertificate | undefined>
  close(): Promise<void>
}

export const firstInstance = 'post-cn-first'
export const secondInstance = 'post-cn-second'
/** Of one-way TLS. */
export const openInstance = 'post-cn-open'
export const ownerSecret = 'owner-secret'

const issuing = { clock: systemClock, random: systemRandom }
/** Made once: only its validity matters. */
const server = issueCa({ commonName: 'server CA', keyType: 'ec' }, issuing).then(async (ca) => ({
  ca,
  leaf: await issueServer({ ca, names: ['localhost', '*.mqtt.aliyuncs.com'], keyType: 'ec' }, issuing),
}))

const defaults: BrokerSettings = {
  liveSessions: { kind: 'drop' },
  rejectAt: 'cut',
  caStatus: 'documented',
  expiredSessions: 'stay',
  willOnDrop: 'suppress',
  strict: true,
  connectTimeoutMs: 10_000,
  maxPacketBytes: 128 * 1024,
}

/** Starts a broker with two instances of mutual TLS and one of one-way TLS, one registered CA, one group and one topic each. */
export async function startBroker(
  settings: Partial<BrokerSettings> = {},
  wrap = (store: Store) => store,
  random = systemRandom,
): Promise<BrokerFixture> {
  const { ca: serverCa, leaf } = await server
  const store = wrap(createMemoryStore())
  const clock = manualClock(systemClock.now())
  const log = createMemoryLog()
  const ca = await makeCa()
  await store.reset({ ...seed(clock.now()), caCertificates: [ca.record] })
  const options = {
    store,
    clock,
    random,
    log,
    assume: log.assume,
    settings: { ...defaults, ...settings },
  }
  const broker = await createBroker({ ...options, tls: { key: leaf.key, cert: leaf.certificate } })
  const listen = async (transport: Transport) => (await broker.listen(transport, { host: '127.0.0.1', port: 0 })).port
  const port = await listen('mqtts')
  return {
    store,
    broker,
    log,
    clock,
    port,
    listen,
    serverCa: serverCa.certificate,
    ca,
    makeCa,
    makeDevice: ({ ca: issuer = ca, ...request } = {}) => makeDevice(issuer, request),
    registerCa: ({ record }) => store.transact((tx) => tx.caCertificates.put(record)),
    ...changesOf(store, clock),
    recordOf: ({ recordKey }) => store.read.deviceCertificates.get(recordKey),
    close: () => broker.close().then(() => store.close()),
  }
}

function changesOf(store: Store, clock: ManualClock) {
  let requests = 0
  function stamp(): StatusChange {
    requests += 1
    return { at: clock.now(), accessKeyId: 'LTAItest', requestId: `R-${requests}` }
  }
  return {
    async setDeviceStatus({ recordKey }: TestDevice, status: 'active' | 'inactive'): Promise<StatusChange> {
      const statusChange = stamp()
      await store.transact(async (tx) => {
        const record = await tx.deviceCertificates.get(recordKey)
        if (!record) throw new Error(`no device ${recordKey}`)
        tx.deviceCertificates.put({ ...record, status, statusChange })
      })
      return statusChange
    },
    async setCaStatus({ record: { instanceId, sn } }: TestCa, status: 'active' | 'inactive'): Promise<StatusChange> {
      const statusChange = stamp()
      await store.transact(async (tx) => {
        const record = await tx.caCertificates.get(caKey(instanceId, sn))
        if (!record) throw new Error(`no CA ${sn}`)
        tx.caCertificates.put({ ...record, status, statusChange })
      })
      return statusChange
    },
    deleteDevice: ({ recordKey }: TestDevice) => store.transact((tx) => tx.deviceCertificates.delete(recordKey)),
    deleteCa: ({ record }: TestCa) =>
      store.transact((tx) => {
        tx.caCertificates.delete(caKey(record.instanceId, record.sn))
        tx.caTombstones.put({ caId: record.id, deletedAt: clock.now() })
      }),
  }
}

function seed(now: number): SeedRecords {
  const all = [firstInstance, secondInstance, openInstance]
  return {
    accounts: [{ id: '1000000000000001', name: 'owner' }],
    accessKeys: [accessKey('LTAIowner', '1000000000000001'), accessKey('LTAIother', '1000000000000002')],
    instances: all.map((id) => ({
      id,
      accountId: '1000000000000001',
      regionId: 'cn-hangzhou',
      name: id,
      edition: 'platinum',
      tls: id === openInstance ? 'one-way' : 'mutual',
      createdAt: now,
    })),
    groups: all.map((instanceId) => ({ instanceId, id: 'GID_demo', createdAt: now })),
    topics: all.map((instanceId) => ({ instanceId, name: 'demo', createdAt: now })),
  }
}

function accessKey(id: string, accountId: string) {
  return { id, secret: ownerSecret, accountId, userId: null, status: 'active' as const }
}

async function makeCa({
  commonName = `CA ${toHex(systemRandom.bytes(6))}`,
  instanceId = firstInstance,
  keyType = 'ec',
  ...request
}: CaRequest = {}): Promise<TestCa> {
  const issued = await issueCa({ commonName, keyType, ...request }, issuing)
  const { sn, fingerprint, subject, validFrom, validUntil } = inspectCertificate(issued.certificate)
  const record: CaCertificate = {
    id: `ca-${toHex(systemRandom.bytes(6))}`,
    instanceId,
    regionId: 'cn-hangzhou',
    sn,
    name: commonName,
    status: 'active',
    certificate: issued.certificate,
    verification: '',
    registerCode: '',
    fingerprint,
    subject,
    validFrom,
    validUntil,
    registeredAt: systemClock.now(),
    statusChange: null,
  }
  return { ...issued, record }
}

async function makeDevice(ca: TestCa, request: DeviceRequest): Promise<TestDevice> {
  const issued = await issueDevice({ commonName: 'device', keyType: 'ec', ...request, ca }, issuing)
  const { sn } = inspectCertificate(issued.certificate)
  return { ...issued, sn, ca, recordKey: deviceKey(ca.record.id, sn) }
}
