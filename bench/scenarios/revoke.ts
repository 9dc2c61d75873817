import { unlimited, type RunningEmulator } from '../lib/emulator.ts'
import type { BenchOptions } from '../lib/options.ts'
import type { Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { revokeCaMeasure } from './revoke-ca.ts'
import { revokeFloodMeasure } from './revoke-flood.ts'
import { revokeOneMeasure } from './revoke-one.ts'

const measures: ((emulator: RunningEmulator, options: BenchOptions) => Promise<Measure>)[] = [
  revokeOneMeasure,
  revokeFloodMeasure,
  revokeCaMeasure,
]

/** P5 and P5b: what a revocation does to live sessions, each on an emulator of its own. */
export const revoke: Scenario = {
  about: 'P5: live devices inactivated, one by one and 500 a second; P5b: a CA with its sessions',
  async *run({ options, withEmulator }) {
    for (const measure of measures) yield await withEmulator(unlimited, (emulator) => measure(emulator, options))
  },
}
