import type { DeviceName } from './devices.ts'
import type { BenchOptions } from './options.ts'
import type { Measure } from './report.ts'

/** A data directory with many registered devices, made once for all scenarios of a run. */
export interface Populated {
  dataDir: string
  devices: DeviceName[]
  /** How long registering them took, milliseconds. */
  registeredInMs: number
}

/** What a scenario runs in. */
export interface Bench {
  options: BenchOptions
  populated(): Promise<Populated>
}

/** One thing to measure; hands over each measure as soon as it has it. */
export interface Scenario {
  name: string
  run(bench: Bench): AsyncGenerator<Measure>
}

/** Devices of the populated directory by who flips them, so that each finds its own as it left them: active at first. */
const shares = { ceiling: [0, 0.5], latency: [0.5, 0.7], throttle: [0.7, 0.9], store: [0.9, 1] } as const

/** The devices that one measure alone changes. */
export function shareOf({ devices }: Populated, who: keyof typeof shares): DeviceName[] {
  const [from, to] = shares[who]
  return devices.slice(Math.floor(from * devices.length), Math.floor(to * devices.length))
}
