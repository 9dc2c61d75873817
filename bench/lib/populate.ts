import { registerDevices } from './devices.ts'
import { unlimited, withEmulatorOn } from './emulator.ts'
import type { Populated } from './scenario.ts'

/** Registers devices in a fresh data directory when first asked, and tells who asks later what is there. */
export function populator(dataDir: string, count: number): () => Promise<Populated> {
  let made: Promise<Populated> | undefined
  const make = () =>
    withEmulatorOn(dataDir, unlimited, async ({ management }) => {
      const beganAt = performance.now()
      const devices = await registerDevices(management, { set: 'many', count })
      return { dataDir, devices, registeredInMs: performance.now() - beganAt }
    })
  return () => (made ??= make())
}
