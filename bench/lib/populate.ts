import type { FilledFleet, FillOrder } from '../generators/fill-store.ts'
import { startChild } from './child.ts'
import { generatorCore } from './processor.ts'
import type { Populated } from './scenario.ts'

/** Fills an empty data directory, in a process of its own whose garbage nobody else collects. */
export async function fillStore(order: FillOrder): Promise<FilledFleet[]> {
  const child = startChild(new URL('../generators/fill-store.ts', import.meta.url), generatorCore)
  try {
    return await child.ask<FilledFleet[]>(order)
  } finally {
    await child.stop()
  }
}

/** How the API names the devices of a fleet. */
export function namesOf({ caSn, deviceSns }: FilledFleet): Populated['devices'] {
  return deviceSns.map((deviceSn) => ({ caSn, deviceSn }))
}

/** Enters devices in a fresh data directory when first asked, and tells who asks later what is there. */
export function populator(dataDir: string, count: number, randomSeed: number): () => Promise<Populated> {
  let made: Promise<Populated> | undefined
  const make = async (): Promise<Populated> => {
    const beganAt = performance.now()
    const [fleet] = await fillStore({ dataDir, randomSeed, fleets: [{ set: 'many', count }] })
    const { certificateBytes } = fleet! // one was asked for
    return { dataDir, devices: namesOf(fleet!), certificateBytes, preparedInMs: performance.now() - beganAt }
  }
  return () => (made ??= make())
}
