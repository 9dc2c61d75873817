import { deviceClient, managementClient, waitForConnect, type Endpoints } from '@apsaramq/testkit'
import { watchedTopic, type Scene } from './mqtt-sessions.ts'

/** Flags of a program in which random topics and client ids are not refused before they are tried. */
export const sceneFlags = ['--loose', '--limit', '1000000'] as const

/** Makes two devices, and connects the one that watches; `close` ends it. */
export async function openScene(endpoints: Endpoints): Promise<Scene & { close(): Promise<void> }> {
  const management = managementClient(endpoints.management)
  const [device] = await management.issueDevices({ clientId: 'GID_demo@@@hostile' })
  const [watching] = await management.issueDevices({ clientId: 'GID_demo@@@witness' })
  const witness = deviceClient({ endpoints, device: watching!, protocolVersion: 5, reconnectPeriod: 0 })
  await waitForConnect(witness)
  await witness.subscribeAsync(watchedTopic, { qos: 1 })
  return { endpoints, device: device!, witness, close: () => witness.endAsync(true) }
}
