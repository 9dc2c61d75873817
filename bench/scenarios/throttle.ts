import { withEmulatorOn } from '../lib/emulator.ts'
import { shareOf, type Scenario } from '../lib/scenario.ts'
import { DevicePool } from '../lib/signed-calls.ts'
import { burstMeasure, offerBursts } from './throttle-bursts.ts'
import { floodMeasure, offerFloods } from './throttle-flood.ts'
import { neighborsMeasure } from './throttle-neighbors.ts'
import { offerSteady, steadyMeasure } from './throttle-steady.ts'

/** P2, P3, P12: the limit, at it and above it, from one account and from two. */
export const throttle: Scenario = {
  about: 'P2, P3, P12: the limit, at it, above it, in bursts, beside a neighbor',
  async *run(bench) {
    const { options } = bench
    const place = await bench.populated()
    const { calm, floods, bursts } = await withEmulatorOn(place.dataDir, [], async (emulator) => {
      const run = { seconds: options.steady, dataDir: place.dataDir }
      const atLimit = await offerSteady(emulator, run, shareOf(place, 'steady'))
      const pool = new DevicePool(shareOf(place, 'flood'))
      const above = await offerFloods(emulator, pool, options)
      return { calm: atLimit, floods: above, bursts: await offerBursts(emulator, pool, options.smoke) }
    })
    yield steadyMeasure(calm, place.devices.length)
    yield floodMeasure(floods, calm.latencies.p99)
    yield burstMeasure(bursts)
    yield await neighborsMeasure(bench)
  },
}
