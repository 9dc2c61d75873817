import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IssuedDevice } from '@apsaramq/testkit'
import { connectSocket, type Broker } from './mqtt-session.ts'
import { until } from './pace.ts'
import { pin, serverCore } from './processor.ts'
import { caOf, tlsOrder } from './tls-order.ts'

/** The broker in C, running. */
export interface Mosquitto {
  pid: number
  broker: Broker
  stop(): Promise<void>
}

/** How long it may take to start. */
const patienceMs = 10_000

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  server.close()
  await once(server, 'close')
  return port
}

async function writeConfiguration(folder: string, port: number, device: IssuedDevice): Promise<string> {
  const { order, ca } = await tlsOrder(caOf(device))
  const files = { 'key.pem': order.key, 'cert.pem': order.cert, 'device-ca.pem': order.deviceCa }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const lines = [
    `listener ${port} 127.0.0.1`,
    `keyfile ${join(folder, 'key.pem')}`,
    `certfile ${join(folder, 'cert.pem')}`,
    `cafile ${join(folder, 'device-ca.pem')}`,
    'require_certificate true',
    'allow_anonymous true',
    'set_tcp_nodelay true',
    'log_dest none',
    // started by root it would change to a user of its own, which could not read the key
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ]
  await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  return ca
}

/** Resolves when a device gets in. */
async function waitUntilUp(child: ChildProcess, broker: Broker, device: IssuedDevice): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (child.exitCode === null) {
    const socket = await connectSocket(broker, device, 'TLSv1.3').catch(() => undefined) // not up yet
    if (socket) return void socket.destroy()
    if (performance.now() > deadline) break
    await until(performance.now() + 50)
  }
  throw new Error(`mosquitto did not start (exit code ${child.exitCode})`)
}

/** Starts mosquitto for the devices of the emulator; undefined where it is not installed. */
export async function startMosquitto(device: IssuedDevice): Promise<Mosquitto | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'apsaramq-bench-mosquitto-'))
  const port = await freePort()
  const ca = await writeConfiguration(folder, port, device)
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` // Debian's place for servers
  const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: path },
  })
  const started = await once(child, 'spawn').catch(() => undefined)
  const stop = async () => {
    if (started && child.exitCode === null && child.kill()) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  if (!started) return void (await stop())
  const broker = { host: '127.0.0.1', port, ca }
  try {
    await waitUntilUp(child, broker, device)
  } catch (error) {
    await stop()
    throw error
  }
  pin(child.pid!, serverCore) // it was spawned
  return { pid: child.pid!, broker, stop }
}
