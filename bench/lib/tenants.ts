import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Endpoints } from '@apsaramq/testkit'
import { issueDevices, registerDevices, type DeviceName } from './devices.ts'
import type { RunningEmulator } from './emulator.ts'

/** An account of the seed with an instance of its own, and what calls it needs. */
export interface Tenant {
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  instanceId: string
}

/** Accounts that have nothing to do with each other. */
export function tenantsOf(count: number): Tenant[] {
  return Array.from({ length: count }, (_, at) => ({
    accountId: String(1_000_000_000_000_001 + at),
    accessKeyId: `LTAIbenchTenant${at}`,
    accessKeySecret: `bench-tenant-secret-${at}`,
    instanceId: `post-cn-bench${at}`,
  }))
}

/** Writes them as a seed. @returns its file */
export async function writeSeed(folder: string, tenants: readonly Tenant[]): Promise<string> {
  const seed = {
    accounts: tenants.map(({ accountId, accessKeyId, accessKeySecret }) => ({
      id: accountId,
      accessKeys: [{ id: accessKeyId, secret: accessKeySecret }],
    })),
    instances: tenants.map(({ instanceId, accountId }) => ({
      id: instanceId,
      account: accountId,
      groups: ['GID_demo'],
      topics: ['demo'],
    })),
  }
  const file = join(folder, 'tenants.json')
  await writeFile(file, JSON.stringify(seed))
  return file
}

/** A CA of the tenant's own, registered. @returns its serial number */
async function newCa({ management }: RunningEmulator, { instanceId }: Tenant): Promise<string> {
  const { sn } = (await management.request('POST', '/cas', { commonName: `${instanceId} CA` })) as { sn: string }
  await management.request('POST', `/cas/${sn}/register`, { instanceId })
  return sn
}

/** A tenant with devices that are in the store, and one to connect with. */
export interface Fleet {
  tenant: Tenant
  /** Whom calls of this tenant go to. */
  endpoints: Endpoints
  devices: DeviceName[]
  live: Awaited<ReturnType<typeof issueDevices>>[number]
}

/** Registers devices of a tenant. */
export async function fleetOf(emulator: RunningEmulator, tenant: Tenant, count: number): Promise<Fleet> {
  const ca = await newCa(emulator, tenant)
  const set = tenant.instanceId
  const [live] = await issueDevices(emulator.management, { set: `${set}-live`, count: 1, ca })
  return {
    tenant,
    endpoints: { ...emulator.endpoints, ...tenant },
    devices: await registerDevices(emulator.management, { set, count, ca }),
    live: live!, // one was asked for
  }
}
