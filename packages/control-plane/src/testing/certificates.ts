import { randomUuid, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import { base64DerOf, inspectCertificate, issueCa, issueDevice, type KeyAndCertificate } from '@apsaramq/pki'
import { instanceId, regionId, type World } from './world.ts'

/** A CA in the store, with its key. */
export interface RegisteredCa {
  record: CaCertificate
  ca: KeyAndCertificate
}

/** Puts an active CA into the store, without the API. */
export async function registerCa(world: World, name: string, inInstance = instanceId): Promise<RegisteredCa> {
  const { store, clock, random } = world
  const ca = await issueCa({ commonName: name, keyType: 'ec' }, { clock, random })
  const facts = inspectCertificate(ca.certificate)
  const record: CaCertificate = {
    id: randomUuid(random),
    instanceId: inInstance,
    regionId,
    sn: facts.sn,
    name,
    status: 'active',
    certificate: ca.certificate,
    verification: ca.certificate,
    registerCode: 'code-of-the-seed',
    fingerprint: facts.fingerprint,
    subject: facts.subject,
    validFrom: facts.validFrom,
    validUntil: facts.validUntil,
    registeredAt: clock.now(),
    statusChange: null,
  }
  await store.transact((tx) => tx.caCertificates.put(record))
  return { record, ca }
}

/** Puts an active device certificate into the store, as its first CONNECT would. */
export async function registerDevice(world: World, under: RegisteredCa, name: string): Promise<DeviceCertificate> {
  const { store, clock, random } = world
  const { certificate } = await issueDevice({ ca: under.ca, commonName: name, keyType: 'ec' }, { clock, random })
  const facts = inspectCertificate(certificate)
  const device: DeviceCertificate = {
    caId: under.record.id,
    instanceId: under.record.instanceId,
    caSn: under.record.sn,
    sn: facts.sn,
    name,
    status: 'active',
    certificate: base64DerOf(certificate),
    fingerprint: facts.fingerprint,
    validFrom: facts.validFrom,
    validUntil: facts.validUntil,
    registeredAt: clock.now(),
    statusChange: null,
  }
  await store.transact((tx) => tx.deviceCertificates.put(device))
  return device
}
