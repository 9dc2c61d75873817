import { createHmac } from 'node:crypto'
import { caKey, deviceKey, type AccessKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import {
  base64DerOf,
  inspectCertificate,
  issueCa,
  issueDevice,
  toPkcs12,
  type CertificateFacts,
  type IssuingDeps,
  type KeyAndCertificate,
} from '@apsaramq/pki'
import type { Store, Transaction } from '@apsaramq/store'
import type { IssuedDevice } from '@apsaramq/testkit/http'
import { checkDeviceRequest, clientIdsOf, IssuingError, validityOf, type DeviceRequest } from './device-request.ts'
import type { HeldCas } from './held-cas.ts'

/** Password of every PKCS#12 file the emulator makes. */
export const pkcs12Password = 'apsaramq'

/** What issuing works with. */
export interface IssuingParts extends IssuingDeps {
  store: Store
  cas: HeldCas
  /** The instance of a CA that is registered with none. */
  defaultInstance(): string
}

/** The registration of this very CA, not of another with its serial number. */
async function registrationOf(store: Store, ca: CertificateFacts): Promise<CaCertificate | undefined> {
  const { records } = await store.read.caCertificates.list('bySubject', ca.subject, 0, 1000)
  return records.find((record) => record.fingerprint === ca.fingerprint)
}

async function ownerKeyOf(store: Store, instanceId: string): Promise<AccessKey | undefined> {
  const instance = await store.read.instances.get(instanceId)
  if (!instance) return undefined
  const { records } = await store.read.accessKeys.list('byAccount', instance.accountId, 0, 100)
  return records.find((accessKey) => accessKey.userId === null)
}

/** MQTT user name and password of a device (Signature authentication page). */
function credentials(accessKey: AccessKey | undefined, instanceId: string, clientId: string) {
  if (!accessKey) return { username: '', password: '' }
  return {
    username: `Signature|${accessKey.id}|${instanceId}`,
    password: createHmac('sha1', accessKey.secret).update(clientId).digest('base64'),
  }
}

function pkcs12(pair: KeyAndCertificate, ca: KeyAndCertificate) {
  const bytes = toPkcs12({ ...pair, chain: [ca.certificate], password: pkcs12Password })
  return { p12: Buffer.from(bytes).toString('base64'), p12Password: pkcs12Password }
}

/** What the devices of one request share. */
interface Batch {
  ca: KeyAndCertificate
  registration: CaCertificate | undefined
  instanceId: string
  accessKey: AccessKey | undefined
}

async function prepare(request: DeviceRequest, { store, cas, defaultInstance, ...deps }: IssuingParts): Promise<Batch> {
  const held = await cas.pairOf(request.ca)
  const facts = inspectCertificate(held.certificate)
  const registration = await registrationOf(store, facts)
  const instanceId = registration?.instanceId ?? defaultInstance()
  // a stranger has the name of the CA it is taken for, and another key
  const ca = request.wrongCa ? await issueCa({ commonName: facts.commonName }, deps) : held
  return { ca, registration, instanceId, accessKey: await ownerKeyOf(store, instanceId) }
}

async function issueOne(
  request: DeviceRequest,
  clientId: string,
  { ca, instanceId, accessKey }: Batch,
  deps: IssuingDeps,
): Promise<IssuedDevice> {
  const { sn, keyType = 'rsa' } = request
  const wanted = { ...(sn === undefined ? {} : { sn }), ...validityOf(request, deps.clock.now()) }
  const pair = await issueDevice({ ca, commonName: clientId, keyType, ...wanted }, deps)
  return {
    clientId,
    deviceSn: inspectCertificate(pair.certificate).sn,
    caSn: inspectCertificate(ca.certificate).sn,
    key: pair.key,
    cert: pair.certificate,
    chain: `${pair.certificate.trimEnd()}\n${ca.certificate}`,
    ...(keyType === 'ec' ? {} : pkcs12(pair, ca)),
    ...credentials(accessKey, instanceId, clientId),
  }
}

function recordOf(device: IssuedDevice, ca: CaCertificate, registeredAt: number): DeviceCertificate {
  const { sn, commonName, fingerprint, validFrom, validUntil } = inspectCertificate(device.cert)
  return {
    caId: ca.id,
    instanceId: ca.instanceId,
    caSn: ca.sn,
    sn,
    name: commonName,
    status: 'active',
    certificate: base64DerOf(device.cert),
    fingerprint,
    validFrom,
    validUntil,
    registeredAt,
    statusChange: null,
  }
}

/** A serial number that is taken stays with its certificate, as it does at CONNECT. */
async function enter(tx: Transaction, ca: CaCertificate, records: DeviceCertificate[]): Promise<void> {
  if ((await tx.caCertificates.get(caKey(ca.instanceId, ca.sn)))?.id !== ca.id) {
    throw new IssuingError(`CA ${ca.sn} is no longer registered, so its devices cannot be`)
  }
  for (const record of records) {
    if (await tx.deviceCertificates.get(deviceKey(record.caId, record.sn))) {
      throw new IssuingError(`another certificate of the serial number ${record.sn} is registered under its CA`)
    }
    tx.deviceCertificates.put(record)
  }
}

/**
 * Issues devices with key, certificate, chain and credentials; with `registered` they enter the store in one
 * transaction, as an accepted CONNECT would have entered them.
 *
 * @throws {IssuingError} when the request cannot be met
 */
export async function issueDevices(request: DeviceRequest, parts: IssuingParts): Promise<IssuedDevice[]> {
  checkDeviceRequest(request)
  const batch = await prepare(request, parts)
  if (request.registered && !batch.registration) {
    throw new IssuingError('the CA is not registered, so its devices cannot be; "ca register" registers it')
  }
  const devices: IssuedDevice[] = []
  for (const clientId of clientIdsOf(request)) devices.push(await issueOne(request, clientId, batch, parts))
  if (request.registered) {
    const at = parts.clock.now()
    const ca = batch.registration! // checked above
    const records = devices.map((device) => recordOf(device, ca, at))
    await parts.store.transact((tx) => enter(tx, ca, records))
  }
  return devices
}
