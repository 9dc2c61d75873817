import type { DeviceName } from './devices.ts'
import type { Emulators } from './emulators.ts'
import type { BenchOptions } from './options.ts'
import type { Measure } from './report.ts'

/** A data directory with many registered devices, made once for all scenarios of a run. */
export interface Populated {
  dataDir: string
  devices: DeviceName[]
  /** Of each certificate, DER. */
  certificateBytes: number
  /** How long it took to make, milliseconds. */
  preparedInMs: number
}

/** What a scenario runs in. */
export interface Bench extends Emulators {
  options: BenchOptions
  populated(): Promise<Populated>
}

/** One thing to measure; hands over each measure as soon as it has it. */
export interface Scenario {
  /** What it measures, in half a line. */
  about: string
  run(bench: Bench): AsyncGenerator<Measure>
}

/** Devices of the populated directory by who flips them, so that each finds its own as it left them: active at first. */
const shares = { ceiling: [0, 0.3], steady: [0.3, 0.63], flood: [0.63, 0.98], store: [0.98, 1] } as const

/** The devices that one measure alone changes. */
export function shareOf({ devices }: Populated, who: keyof typeof shares): DeviceName[] {
  const [from, to] = shares[who]
  return devices.slice(Math.floor(from * devices.length), Math.floor(to * devices.length))
}
