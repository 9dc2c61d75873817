// Run by e2e/11-vendor-names in a network of its own, where the hosts file gives the vendor's names to the loopback:
// starts the emulator on the vendor's ports, lets clients run as they would against the vendor, prints what they told.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { managementClient, startProgram, type Endpoints } from '@apsaramq/testkit'
import type { Device } from './certificates.ts'
import { libcloudCalls } from './libcloud.ts'
import type { LiveClientKind } from './live-client.ts'
import { liveMosquitto } from './live-mosquitto.ts'
import { livePaho } from './live-paho.ts'
import { libcloudPython } from './tools.ts'

const programs = fileURLToPath(new URL('vendor-names-node.ts', import.meta.url))
const directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
const program = await startProgram({
  args: ['start', '--api-port', '80', '--api-tls-port', '443'],
  dataDir: join(directory, 'data'),
})
const endpoints = program.endpoints()

async function issue(name: string): Promise<Device> {
  const management = managementClient(endpoints.management)
  const [device] = await management.issueDevices({ clientId: `GID_demo@@@${name}`, keyType: 'ec' })
  const { clientId, key, cert, chain, deviceSn, caSn } = device!
  const [certFile, keyFile] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
  await Promise.all([writeFile(certFile, chain), writeFile(keyFile, key)])
  return { clientId, key, cert, chain, sn: deviceSn, caSn, certFile, keyFile }
}

/** Node.js programs with nothing but keys, a region, and the CA in their environment. */
async function nodePrograms(): Promise<unknown> {
  const { accessKeyId, accessKeySecret, instanceId, caFile } = endpoints
  const configuration = JSON.stringify({ accessKeyId, accessKeySecret, instanceId, device: await issue('node') })
  const child = spawn(process.execPath, [...process.execArgv, programs], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(configuration)
  return json(child.stdout)
}

async function libcloud(origin: string): Promise<unknown> {
  if (libcloudPython.path === undefined) return 'left out'
  const { accessKeyId, accessKeySecret, instanceId: MqttInstanceId, caFile } = endpoints
  const parameters = { MqttInstanceId, PageNo: '1', PageSize: '10' }
  const caller = { origin, accessKeyId, accessKeySecret, caFile }
  const [answer] = await libcloudCalls(caller, [{ action: 'ListCaCertificate', parameters }])
  return answer && 'status' in answer ? answer.status : answer
}

async function liveDevice(kind: LiveClientKind, name: string): Promise<string> {
  if (kind.tool.path === undefined) return 'left out'
  const mqtts = `mqtts://${endpoints.instanceId}.mqtt.aliyuncs.com:8883`
  const client = kind.start(await issue(name), { ...endpoints, mqtts } satisfies Endpoints, 'demo/names')
  await client.online({ withinMs: 20_000 }).finally(() => client.stop())
  return 'online'
}

const host = `onsmqtt.${endpoints.regionId}.aliyuncs.com`

async function told() {
  return {
    ports: [endpoints.api, endpoints.apiTls, endpoints.mqtts].map((url) => new URL(url).port || 'default'),
    node: await nodePrograms(),
    libcloud: [await libcloud(`http://${host}`), await libcloud(`https://${host}`)],
    mosquitto: await liveDevice(liveMosquitto, 'mosquitto'),
    paho: await liveDevice(livePaho, 'paho'),
  }
}

try {
  process.stdout.write(`${JSON.stringify(await told())}\n`)
} finally {
  await program.stop()
  await rm(directory, { recursive: true, force: true })
}
