import { deviceClient, waitForConnect, type Endpoints } from '@apsaramq/testkit'
import type { Device } from './certificates.ts'

/** Connects a device and ends its connection, so that its certificate is registered. */
export async function admitOnce(endpoints: Endpoints, device: Device): Promise<void> {
  const client = deviceClient({ endpoints, device, reconnectPeriod: 0 })
  try {
    await waitForConnect(client)
  } finally {
    await client.endAsync(true)
  }
}
