import type { IssuedDevice } from '@apsaramq/testkit'
import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf, startNaiveBroker } from '../lib/field.ts'
import { openSessions, type Broker } from '../lib/mqtt-session.ts'
import type { BenchOptions } from '../lib/options.ts'
import { until } from '../lib/pace.ts'
import { residentBytes } from '../lib/processor.ts'
import { less, number } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'

interface Footprint {
  idle: number
  loaded: number
  perSession: number
}

/** Resident bytes once they have come to rest: the least of some looks. */
async function settled(pid: number, { smoke }: BenchOptions): Promise<number> {
  const looks: number[] = []
  for (let look = 0; look < 5; look += 1) {
    await until(performance.now() + (smoke ? 20 : 1_000))
    looks.push(residentBytes(pid) ?? Number.NaN)
  }
  return Math.min(...looks)
}

async function footprint(
  pid: number,
  broker: Broker,
  devices: readonly IssuedDevice[],
  options: BenchOptions,
): Promise<Footprint> {
  // the first connections load code and fill caches, which no session pays for
  const first = await openSessions(broker, devices.slice(0, Math.ceil(devices.length / 10)))
  const before = await settled(pid, options)
  const rest = await openSessions(broker, devices.slice(first.length))
  const loaded = await settled(pid, options)
  for (const session of [...first, ...rest]) session.end()
  return { idle: before, loaded, perSession: (loaded - before) / rest.length }
}

interface Footprints {
  fresh: number
  emulator: Footprint
  naive: Footprint
}

async function measure(emulator: RunningEmulator, options: BenchOptions): Promise<Footprints> {
  const fresh = await settled(emulator.pid, options)
  const devices = await issueDevices(emulator.management, { set: 'memory', count: options.sessions })
  const naive = await startNaiveBroker(devices[0]!)
  try {
    return {
      fresh,
      naive: await footprint(naive.pid, naive.broker, devices, options),
      emulator: await footprint(emulator.pid, brokerOf(emulator), devices, options),
    }
  } finally {
    await naive.stop()
  }
}

const mb = (bytes: number) => bytes / 2 ** 20
const kb = (bytes: number) => bytes / 1_000

/** P7: what the process takes at rest and what a session adds, beside a naive broker. */
export const memory: Scenario = {
  about: 'P7: memory at rest and of a session',
  async *run({ options, withEmulator }) {
    const { fresh, emulator, naive } = await withEmulator([], (running) => measure(running, options))
    const row = (name: string, { idle, loaded, perSession }: Footprint) => [name, mb(idle), mb(loaded), kb(perSession)]
    yield {
      id: 'P7',
      what: `resident memory, ${options.sessions} idle sessions (TLS 1.3, EC)`,
      table: {
        columns: ['broker', less('MB before'), less('MB with sessions'), less('kB a session')],
        rows: [row('naive aedes', naive), row('emulator', emulator)],
      },
      figures: { sessions: options.sessions, fresh, emulator, naive },
      goals: [
        { goal: `at rest after the start at most 110 MB (${number(mb(fresh))})`, reached: mb(fresh) <= 110 },
        {
          goal: `a session costs no more than under naive aedes (${number(emulator.perSession / naive.perSession)} times)`,
          reached: emulator.perSession <= naive.perSession,
        },
      ],
      notes: ['from source: the process holds the loader and compiler of TypeScript as well'],
    }
  },
}
