import type { IssuedDevice, ManagementClient } from '@apsaramq/testkit'

/** How an API call names a device certificate. */
export interface DeviceName {
  caSn: string
  deviceSn: string
}

/** Most devices one request may ask for. */
const perRequest = 1_000

interface Wanted {
  count: number
  /** Part of the client ids, so that two sets differ. */
  set: string
  keyType?: 'rsa' | 'ec'
  ca?: string
  registered?: boolean
}

/** Issues devices in slices and hands each slice over, so that nobody has to hold 100,000 keys. */
async function issue(management: ManagementClient, wanted: Wanted, take: (slice: IssuedDevice[]) => void) {
  const { count: total, set, ...rest } = wanted
  for (let done = 0; done < total; done += perRequest) {
    const count = Math.min(perRequest, total - done)
    const clientId = `GID_demo@@@${set}-${done / perRequest}`
    take(await management.issueDevices({ clientId, count, keyType: 'ec', ...rest }))
  }
}

/** Devices with their keys, to connect with. */
export async function issueDevices(management: ManagementClient, wanted: Wanted): Promise<IssuedDevice[]> {
  const devices: IssuedDevice[] = []
  await issue(management, wanted, (slice) => devices.push(...slice))
  return devices
}

/** Enters devices in the store as if each had connected once; their names only. */
export async function registerDevices(management: ManagementClient, wanted: Wanted): Promise<DeviceName[]> {
  const names: DeviceName[] = []
  await issue(management, { ...wanted, registered: true }, (slice) => {
    for (const { caSn, deviceSn } of slice) names.push({ caSn, deviceSn })
  })
  return names
}
