import { createHash, createPrivateKey } from 'node:crypto'
import { createEmulator, type Settings } from '@apsaramq/emulator'
import { caKey, systemClock, systemRandom, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import {
  inspectCertificate,
  issueCa,
  issueDevice,
  issueVerification,
  type CertificateFacts,
  type KeyAndCertificate,
} from '@apsaramq/pki'
import { openFileStore, type Store } from '@apsaramq/store'
import { signedClient, type Endpoints } from '@apsaramq/testkit'
import { certificateCopier, type CertificateCopier } from '../lib/certificate-copies.ts'
import { answerParent } from '../lib/child.ts'
import type { Identity } from '../lib/mqtt-session.ts'
import { seededRandom } from '../lib/shuffle.ts'
import type { Tenant } from '../lib/tenants.ts'

/** Devices that are to be in a store. */
export interface FleetOrder {
  /** Part of the client ids, so that two sets differ. */
  set: string
  count: number
  /** Whose they are; the emulator's own account's without one. */
  tenant?: Tenant
}

/** What an empty data directory is to be filled with. */
export interface FillOrder {
  dataDir: string
  /** File of accounts and instances; the built-in ones without it. */
  seedFile?: string
  /** Determines the serial numbers. */
  randomSeed: number
  fleets: readonly FleetOrder[]
}

/** A CA and its devices, in the store. */
export interface FilledFleet {
  caSn: string
  deviceSns: string[]
  /** Of each certificate, DER. */
  certificateBytes: number
  /** One more device of the CA, with its key; it is not in the store before it connects. */
  live: Identity
}

const deps = { clock: systemClock, random: systemRandom }
const perTransaction = 2_000

interface Registered extends FleetOrder {
  ca: KeyAndCertificate
  instanceId: string
}

/** Registers a CA as its owner would: a code, a verification certificate, the CA. */
async function register(order: FleetOrder, endpoints: Endpoints): Promise<Registered> {
  const { accessKeyId, accessKeySecret, instanceId } = order.tenant ?? endpoints
  const client = signedClient({ endpoint: endpoints.api, accessKeyId, accessKeySecret })
  const call = async (action: string, parameters: Record<string, string>) => {
    const { status, body } = await client.call(action, { MqttInstanceId: instanceId, ...parameters })
    if (status !== 200) throw new Error(`${action} was answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
  try {
    const ca = await issueCa({ commonName: `bench CA ${order.set}`, keyType: 'ec' }, deps)
    const registerCode = String((await call('GetRegisterCode', {}))['RegisterCode'])
    const { certificate } = await issueVerification({ ca, registerCode }, deps)
    const contents = { CaContent: ca.certificate, VerificationContent: certificate }
    await call('RegisterCaCertificate', { CaName: `bench ${order.set}`, ...contents })
    return { ...order, ca, instanceId }
  } finally {
    client.close()
  }
}

/** Lets an emulator make its keys, its seed and the registrations. */
async function registerAll({ dataDir, seedFile, fleets }: FillOrder): Promise<Registered[]> {
  const noPorts = { apiPort: 0, apiTlsPort: 0, mqttsPort: 0, managementPort: 0, logLevel: 'silent' } as const
  const settings: Partial<Settings> = { data: dataDir, ...noPorts, ...(seedFile && { seed: seedFile }) }
  const emulator = await createEmulator({ settings })
  try {
    const registered: Registered[] = []
    for (const fleet of fleets) registered.push(await register(fleet, emulator.endpoints))
    return registered
  } finally {
    await emulator.close()
  }
}

const numbered = (set: string, number: number) => `GID_demo@@@${set}-${String(number).padStart(7, '0')}`

const hex = (word: number) => word.toString(16).padStart(8, '0')

/** Serial numbers of 16 bytes, positive, that the seed determines; the number in them keeps them apart. */
function serialNumbers(seed: number): (number: number) => string {
  const random = seededRandom(seed)
  const word = () => Math.floor(random() * 2 ** 32)
  return (number) => `${hex((word() % 0x6fff_ffff) + 0x1000_0000)}${hex(word())}${hex(word())}${hex(number)}`
}

/** As large as most: the key is RSA, as devices have it unless they ask for EC, and the same for all. */
async function copierOf({ ca, set }: Registered): Promise<{ copy: CertificateCopier; facts: CertificateFacts }> {
  const wanted = { sn: '5a'.repeat(16), commonName: numbered(set, 0) }
  const { certificate } = await issueDevice({ ca, ...wanted, keyType: 'rsa' }, deps)
  const facts = inspectCertificate(certificate)
  return { copy: certificateCopier({ ...wanted, der: facts.der }, createPrivateKey(ca.key)), facts }
}

function recordOf(der: Buffer, { sn, name }: { sn: string; name: string }, ca: CaCertificate, facts: CertificateFacts) {
  return {
    caId: ca.id,
    instanceId: ca.instanceId,
    caSn: ca.sn,
    sn,
    name,
    status: 'active',
    certificate: der.toString('base64'),
    fingerprint: createHash('sha256').update(der).digest('hex'),
    validFrom: facts.validFrom,
    validUntil: facts.validUntil,
    registeredAt: systemClock.now(),
    statusChange: null,
  } satisfies DeviceCertificate
}

async function liveDevice({ ca, set }: Registered): Promise<Identity> {
  const clientId = `GID_demo@@@${set}-live`
  const { key, certificate } = await issueDevice({ ca, commonName: clientId, keyType: 'ec' }, deps)
  return { clientId, key, chain: `${certificate.trimEnd()}\n${ca.certificate}` }
}

async function enterDevices(store: Store, fleet: Registered, randomSeed: number): Promise<FilledFleet> {
  const { sn: caSn } = inspectCertificate(fleet.ca.certificate)
  const ca = await store.read.caCertificates.get(caKey(fleet.instanceId, caSn))
  if (!ca) throw new Error(`the CA ${caSn} is not in the store, though its registration was answered`)
  const { copy, facts } = await copierOf(fleet)
  const serialNumberOf = serialNumbers(randomSeed)
  const deviceSns = Array.from({ length: fleet.count }, (_, at) => serialNumberOf(at + 1))
  for (let done = 0; done < fleet.count; done += perTransaction) {
    const records = deviceSns.slice(done, done + perTransaction).map((sn, at) => {
      const name = numbered(fleet.set, done + at + 1)
      return recordOf(copy(sn, name), { sn, name }, ca, facts)
    })
    await store.transact((tx) => records.forEach((record) => tx.deviceCertificates.put(record)))
  }
  return { caSn: ca.sn, deviceSns, certificateBytes: facts.der.length, live: await liveDevice(fleet) }
}

answerParent(async (order: FillOrder): Promise<FilledFleet[]> => {
  const registered = await registerAll(order)
  const store = await openFileStore({ directory: order.dataDir, clock: systemClock })
  try {
    const filled: FilledFleet[] = []
    for (const fleet of registered) filled.push(await enterDevices(store, fleet, order.randomSeed))
    return filled
  } finally {
    await store.close()
  }
})
