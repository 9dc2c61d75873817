import { readFileSync } from 'node:fs'
import type { IssuedDevice } from '@apsaramq/testkit'
import type { NaiveOrder, NaivePorts } from '../references/naive-aedes.ts'
import { startChild } from './child.ts'
import type { RunningEmulator } from './emulator.ts'
import type { Broker } from './mqtt-session.ts'
import { serverCore } from './processor.ts'
import { caOf, tlsOrder } from './tls-order.ts'

/** The emulator's broker as a client reaches it. */
export function brokerOf({ endpoints }: RunningEmulator): Broker {
  const { hostname, port } = new URL(endpoints.mqtts)
  return { host: hostname, port: Number(port), ca: readFileSync(endpoints.caFile, 'utf8') }
}

/** The smallest broker of the kind, running. */
export interface NaiveBroker {
  pid: number
  broker: Broker
  /** Origin of the route that revokes. */
  http: string
  stop(): Promise<void>
}

/** Starts aedes behind node:tls for the devices of the emulator. @param name the version; the emulator's without one */
export async function startNaiveBroker(
  device: IssuedDevice,
  name: NaiveOrder['package'] = 'aedes',
): Promise<NaiveBroker> {
  const { order, ca } = await tlsOrder(caOf(device))
  const child = startChild(new URL('../references/naive-aedes.ts', import.meta.url), serverCore)
  const { mqtts, http } = await child.ask<NaivePorts>({ ...order, package: name } satisfies NaiveOrder)
  const broker = { host: '127.0.0.1', port: mqtts, ca }
  return { pid: child.pid, broker, http: `http://127.0.0.1:${http}`, stop: child.stop }
}
