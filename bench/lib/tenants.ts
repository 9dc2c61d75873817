import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Endpoints } from '@apsaramq/testkit'
import type { DeviceName } from './devices.ts'
import { withDirectory, withEmulatorOn, type RunningEmulator } from './emulator.ts'
import type { Identity } from './mqtt-session.ts'
import { fillStore, namesOf } from './populate.ts'

/** An account of the seed with an instance of its own, and what calls it needs. */
export interface Tenant {
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  instanceId: string
}

/** Accounts that have nothing to do with each other. */
function tenantsOf(count: number): Tenant[] {
  return Array.from({ length: count }, (_, at) => ({
    accountId: String(1_000_000_000_000_001 + at),
    accessKeyId: `LTAIbenchTenant${at}`,
    accessKeySecret: `bench-tenant-secret-${at}`,
    instanceId: `post-cn-bench${at}`,
  }))
}

/** Writes them as a seed. @returns its file */
async function writeSeed(folder: string, tenants: readonly Tenant[]): Promise<string> {
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

/** A tenant with devices that are in the store, and one to connect with. */
export interface Fleet {
  tenant: Tenant
  /** Whom calls of this tenant go to. */
  endpoints: Endpoints
  devices: DeviceName[]
  live: Identity
}

/** Accounts, and how many devices each has in the store. */
export interface FleetsWanted {
  accounts: number
  devices: number
  /** Determines the serial numbers. */
  randomSeed: number
}

/** Runs `body` beside an emulator whose tenants have devices each; the limit is on. */
export function withFleets<T>(
  { accounts, devices, randomSeed }: FleetsWanted,
  body: (emulator: RunningEmulator, fleets: Fleet[]) => Promise<T>,
): Promise<T> {
  return withDirectory(async (dataDir) => {
    const tenants = tenantsOf(accounts)
    await mkdir(dirname(dataDir), { recursive: true })
    const seedFile = await writeSeed(dirname(dataDir), tenants)
    const orders = tenants.map((tenant) => ({ set: tenant.instanceId, count: devices, tenant }))
    const filled = await fillStore({ dataDir, seedFile, randomSeed, fleets: orders })
    return withEmulatorOn(dataDir, ['--seed', seedFile], (emulator) => {
      const fleets = tenants.map((tenant, at) => {
        const endpoints = { ...emulator.endpoints, ...tenant }
        return { tenant, endpoints, devices: namesOf(filled[at]!), live: filled[at]!.live }
      })
      return body(emulator, fleets)
    })
  })
}
