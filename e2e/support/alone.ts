// Run by e2e/08-command-line/alone.test.ts where only the loopback can be reached: starts the emulator, takes a device
// through an inactivation and back by an SDK, and prints what it saw as JSON.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  managementClient,
  startProgram,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
} from '@apsaramq/testkit'
import { anyPorts } from './any-ports.ts'
import { sdks } from './sdk.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
const program = await startProgram({ args: ['start', ...anyPorts], dataDir })
const endpoints = program.endpoints()
const [device] = await managementClient(endpoints.management).issueDevices({
  clientId: 'GID_demo@@@alone',
  keyType: 'ec',
})
const sdk = sdks.find(({ name }) => name === 'openapi-core V3 POST')!
const change = (action: string) =>
  sdk.call({ ...endpoints, endpoints }, action, {
    MqttInstanceId: endpoints.instanceId,
    DeviceSn: device!.deviceSn,
    CaSn: device!.caSn,
  })

const client = deviceClient({ endpoints, device: device!, reconnectPeriod: 50 })
const seen: string[] = [(await waitForConnect(client)).state]
const gone = waitForDisconnect(client)
await change('InactivateDeviceCertificate')
seen.push((await gone).state, (await waitForRefusal(client)).state)
await change('ActiveDeviceCertificate')
seen.push((await waitForConnect(client)).state)
await client.endAsync(true)
const exit = await program.stop()
await rm(dataDir, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify({ seen, exit })}\n`)
