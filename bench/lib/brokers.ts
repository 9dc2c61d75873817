import type { IssuedDevice } from '@apsaramq/testkit'
import type { RunningEmulator } from './emulator.ts'
import { brokerOf, startNaiveBroker } from './field.ts'
import { startMosquitto } from './mosquitto.ts'
import type { Broker } from './mqtt-session.ts'

/** A broker that takes its turn. */
export interface Target {
  name: string
  pid: number
  broker: Broker
}

/** Names of the brokers in tables. */
export const names = {
  naive: 'bare aedes',
  older: 'bare aedes 1.2.0',
  mosquitto: 'mosquitto',
  emulator: 'emulator',
} as const

/** The brokers beside the emulator. */
export type Reference = Exclude<keyof typeof names, 'emulator'>

async function start(reference: Reference, device: IssuedDevice) {
  if (reference === 'mosquitto') return startMosquitto(device)
  return startNaiveBroker(device, reference === 'naive' ? 'aedes' : 'aedes-1')
}

/**
 * Runs `body` beside the emulator and its references, which have ended afterwards.
 *
 * @param device lets mosquitto be asked whether it is up
 * @param body gets the targets, and the names of those that are not installed
 */
export async function withBrokers<T>(
  emulator: RunningEmulator,
  device: IssuedDevice,
  references: readonly Reference[],
  body: (targets: Target[], absent: string[]) => Promise<T>,
): Promise<T> {
  const targets: Target[] = []
  const absent: string[] = []
  const stops: (() => Promise<void>)[] = []
  try {
    for (const reference of references) {
      const running = await start(reference, device)
      if (!running) absent.push(names[reference])
      else {
        targets.push({ name: names[reference], pid: running.pid, broker: running.broker })
        stops.push(running.stop)
      }
    }
    targets.push({ name: names.emulator, pid: emulator.pid, broker: brokerOf(emulator) })
    return await body(targets, absent)
  } finally {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** A note for each broker that is not installed here. */
export function absentNotes(absent: readonly string[]): string[] {
  return absent.map((name) => `${name} is not installed on this machine: left out`)
}
