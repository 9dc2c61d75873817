import { caKey, deviceKey, type DeviceCertificate, type StatusChange } from '@apsaramq/model'
import { inspectCertificate } from '@apsaramq/pki'
import type { Transaction } from '@apsaramq/store'
import type { TestDevice } from '../../testing/broker-fixture.ts'
import { caNames, certificateNames, type CaName, type CertificateName, type OperatorWork, type Plan } from './plan.ts'
import type { World } from './world.ts'

/** What is done in one transaction. */
export type WriteStep = Exclude<OperatorWork, { do: 'advance' }>

/** What a step writes; signed with the name of the write, so that its commit is known again. */
export function writeOf(world: World, step: WriteStep, by: StatusChange): (tx: Transaction) => Promise<void> | void {
  switch (step.do) {
    case 'inactivate':
      return (tx) => setDevice(world, tx, step.certificate, 'inactive', by)
    case 'activate':
      return (tx) => setDevice(world, tx, step.certificate, 'active', by)
    case 'delete':
      return (tx) => deleteDevice(world, tx, step.certificate, by)
    case 'inactivate CA':
      return (tx) => setCa(world, tx, step.ca, 'inactive', by)
    case 'activate CA':
      return (tx) => setCa(world, tx, step.ca, 'active', by)
    case 'delete CA':
      return (tx) => deleteCa(world, tx, step.ca, by)
    case 'register CA':
      return (tx) => registerCa(world, tx, step.ca, { status: 'active', statusChange: by })
    case 'purge':
      return (tx) => purge(world, tx, step.ca)
    case 'touch topics':
      return (tx) => tx.topics.put({ instanceId: instanceOf(world), name: 'touched', createdAt: world.recorder.tick() })
  }
}

function instanceOf({ cas }: World): string {
  return cas.A.record.instanceId
}

function recordKey({ cas, devices }: World, name: CertificateName): string {
  return deviceKey(cas[caOf(name)].record.id, devices[name].sn)
}

function caOf(name: CertificateName): CaName {
  return name === 'B0' ? 'B' : 'A'
}

async function setDevice(
  world: World,
  tx: Transaction,
  name: CertificateName,
  status: DeviceCertificate['status'],
  statusChange: StatusChange,
): Promise<void> {
  const record = await deviceOf(world, tx, name)
  if (record) tx.deviceCertificates.put({ ...record, status, statusChange })
}

async function deleteDevice(world: World, tx: Transaction, name: CertificateName, by: StatusChange): Promise<void> {
  if (await deviceOf(world, tx, name)) tx.deviceCertificates.delete(recordKey(world, name), { by })
}

/** Found through its CA, as the API does: what a deleted CA has left behind is not there. */
async function deviceOf(world: World, tx: Transaction, name: CertificateName): Promise<DeviceCertificate | undefined> {
  const ca = await tx.caCertificates.get(keyOf(world.cas[caOf(name)].record))
  return ca && tx.deviceCertificates.get(recordKey(world, name))
}

async function setCa(
  { cas }: World,
  tx: Transaction,
  name: CaName,
  status: DeviceCertificate['status'],
  statusChange: StatusChange,
): Promise<void> {
  const record = await tx.caCertificates.get(keyOf(cas[name].record))
  if (record) tx.caCertificates.put({ ...record, status, statusChange })
}

function keyOf({ instanceId, sn }: { instanceId: string; sn: string }): string {
  return caKey(instanceId, sn)
}

async function deleteCa({ cas }: World, tx: Transaction, name: CaName, by: StatusChange): Promise<void> {
  const { id } = cas[name].record
  if (!(await tx.caCertificates.get(keyOf(cas[name].record)))) return
  tx.caCertificates.delete(keyOf(cas[name].record), { by })
  tx.caTombstones.put({ caId: id, deletedAt: by.at })
}

/** Registers a CA that is not registered: under another id each time. */
async function registerCa(
  world: World,
  tx: Transaction,
  name: CaName,
  change: Pick<DeviceCertificate, 'status' | 'statusChange'>,
): Promise<void> {
  const ca = world.cas[name]
  if (await tx.caCertificates.get(keyOf(ca.record))) return
  const id = `ca-${name}-${world.histories}-${world.caIds[name].length}`
  world.caIds[name].push(id)
  ca.record = { ...ca.record, id, ...change }
  tx.caCertificates.put(ca.record)
}

/** Deletes what is left of the registrations of a CA that were deleted, as it is done in the background. */
async function purge({ cas, caIds }: World, tx: Transaction, name: CaName): Promise<void> {
  const current = (await tx.caCertificates.get(keyOf(cas[name].record)))?.id
  for (const id of caIds[name].filter((one) => one !== current)) {
    for (const { sn } of await devicesOf(tx, id)) tx.deviceCertificates.delete(deviceKey(id, sn), { withCa: true })
    tx.caTombstones.delete(id)
  }
}

async function devicesOf(tx: Transaction, caId: string): Promise<DeviceCertificate[]> {
  return (await tx.deviceCertificates.list('byCa', caId, 0, certificateNames.length)).records
}

/** Forgets what is left of the history before, and sets what a plan begins with. */
export async function setUp(world: World, plan: Plan): Promise<void> {
  world.histories += 1
  await world.fixture.store.transact(async (tx) => {
    for (const name of caNames) {
      tx.caCertificates.delete(keyOf(world.cas[name].record))
      await purge(world, tx, name)
      world.caIds[name] = []
    }
    for (const [at, name] of caNames.entries())
      await registerCa(world, tx, name, { status: plan.cas[at]!, statusChange: null })
    for (const [at, name] of certificateNames.entries()) {
      const status = plan.devices[at]!
      if (status !== 'none') tx.deviceCertificates.put(recordOf(world, name, status))
    }
  })
}

function recordOf(world: World, name: CertificateName, status: DeviceCertificate['status']): DeviceCertificate {
  const { id: caId, sn: caSn, instanceId } = world.cas[caOf(name)].record
  const device: TestDevice = world.devices[name]
  const { fingerprint, validFrom, validUntil } = inspectCertificate(device.certificate)
  const certificate = device.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const since = { registeredAt: world.fixture.clock.now(), statusChange: null }
  return {
    caId,
    caSn,
    instanceId,
    sn: device.sn,
    name,
    status,
    certificate,
    fingerprint,
    validFrom,
    validUntil,
    ...since,
  }
}
