import type { Endpoints } from '@apsaramq/testkit'
import { percentileChart } from '../lib/charts.ts'
import { startChild, type Child } from '../lib/child.ts'
import { closedLoop, type ClosedLoopResult } from '../lib/closed-loop.ts'
import type { DeviceName } from '../lib/devices.ts'
import { unlimited, withEmulator, withEmulatorOn, type RunningEmulator } from '../lib/emulator.ts'
import type { BenchOptions } from '../lib/options.ts'
import { serverCore } from '../lib/processor.ts'
import { busy, less, more, number, type Cell, type Measure } from '../lib/report.ts'
import { saturationNotes } from '../lib/saturation.ts'
import { shareOf, type Scenario } from '../lib/scenario.ts'
import { callSigner, statusFlips } from '../lib/signed-calls.ts'
import { spreadOf } from '../lib/statistics.ts'
import { inTurns, type Contestant, type Results } from '../lib/turns.ts'
import type { BareRouteOrder } from '../references/bare-route.ts'

const mostPerTurn = 30_000 // requests are made ahead and held in memory

interface Target {
  name: string
  origin: string
  pid: number
  endpoints: Endpoints
  devices: readonly DeviceName[]
  expectStatus?: number
}

/** A closed loop as long as a turn: the rate of the turn before tells how many requests that takes. */
function contestant({ name, origin, pid, endpoints, devices, expectStatus = 200 }: Target, options: BenchOptions) {
  const { connections, seconds } = options
  const signer = callSigner(endpoints, origin)
  // each connection has its own devices, so that its flips of one device never overtake each other
  const flips = Array.from({ length: connections }, (_, lane) =>
    statusFlips(devices.filter((_device, at) => at % connections === lane)),
  )
  let perSecond = 1_000
  const turn = async () => {
    const each = Math.ceil(Math.min(perSecond * seconds, mostPerTurn) / connections)
    const slices = flips.map((next) => Array.from({ length: each }, () => next(signer)))
    const result = await closedLoop(origin, pid, slices)
    const other = Object.keys(result.statuses).filter((status) => Number(status) !== expectStatus)
    if (other.length > 0 && expectStatus === 200)
      throw new Error(`${name} answered ${JSON.stringify(result.statuses)}, for example ${result.sample}`)
    ;({ perSecond } = result)
    return result
  }
  return { name, turn } satisfies Contestant<ClosedLoopResult>
}

async function bareRoute(order: BareRouteOrder): Promise<{ child: Child; origin: string }> {
  const child = startChild(new URL('../references/bare-route.ts', import.meta.url), serverCore)
  return { child, origin: await child.ask<string>(order) }
}

const names = {
  bare: 'bare fastify route',
  verified: 'the same, verifying V3',
  emulator: 'emulator',
  refusing: 'emulator, refusing',
}

async function compete(
  emulator: RunningEmulator,
  refusing: RunningEmulator,
  devices: DeviceName[],
  options: BenchOptions,
) {
  const { endpoints } = emulator
  const bare = await bareRoute({})
  const verified = await bareRoute({ secret: endpoints.accessKeySecret })
  try {
    const targets: Target[] = [
      { name: names.bare, origin: bare.origin, pid: bare.child.pid, endpoints, devices },
      { name: names.verified, origin: verified.origin, pid: verified.child.pid, endpoints, devices },
      { name: names.emulator, origin: endpoints.api, pid: emulator.pid, endpoints, devices },
      {
        name: names.refusing,
        origin: refusing.endpoints.api,
        pid: refusing.pid,
        endpoints: refusing.endpoints,
        devices,
        expectStatus: 400,
      },
    ]
    return await inTurns(
      options.rounds,
      targets.map((target) => contestant(target, options)),
    )
  } finally {
    await Promise.all([bare.child.stop(), verified.child.stop()])
  }
}

/** Microseconds of the server's processor a call. */
const costUs = ({ server, calls }: ClosedLoopResult) => (server ? (server.cpuMs * 1_000) / calls : Number.NaN)

function ratios(results: Results<ClosedLoopResult>, name: string) {
  const bare = results[names.bare]!
  return spreadOf(results[name]!.map(({ perSecond }, round) => perSecond / bare[round]!.perSecond))
}

function rowOf(results: Results<ClosedLoopResult>, name: string): Cell[] {
  const turns = results[name]!
  return [
    name,
    spreadOf(turns.map(({ perSecond }) => perSecond)),
    ratios(results, name),
    spreadOf(turns.map(costUs)),
    number(spreadOf(turns.map(({ p50 }) => p50)).median),
    number(spreadOf(turns.map(({ p99 }) => p99)).median),
    busy(turns.map(({ server }) => server)),
    busy(turns.map(({ generator }) => generator)),
  ]
}

function ceilingMeasure(results: Results<ClosedLoopResult>, options: BenchOptions, all: number): Measure {
  const ratio = ratios(results, names.emulator)
  const refusal = costOfRefusal(results)
  return {
    id: 'P1',
    what: `InactivateDeviceCertificate and ActiveDeviceCertificate in turns, ${number(all)} devices in a durable store, ${options.connections} connections in a closed loop`,
    table: {
      columns: [
        'server',
        more('calls/s'),
        more('of bare'),
        less('µs CPU a call'),
        less('p50 ms'),
        less('p99 ms'),
        'server busy',
        'generator busy',
      ],
      rows: Object.values(names).map((name) => rowOf(results, name)),
    },
    figures: { results, ratio, costOfRefusal: refusal },
    goals: [
      {
        goal: `P1: at least 0.45 of the bare route with everything on (${number(ratio.median)})`,
        reached: ratio.median >= 0.45,
      },
      {
        goal: `P3: a refusal of the throttle costs at most 0.6 of an accepted call (${number(refusal.median)})`,
        reached: refusal.median <= 0.6,
      },
    ],
    charts: [
      percentileChart(
        `latency with ${options.connections} calls under way`,
        Object.values(names).map((name) => [name, results[name]!.map(({ latencies }) => latencies)] as const),
      ),
    ],
    notes: Object.values(names).flatMap((name) =>
      saturationNotes(
        name,
        results[name]!.map(({ generator }) => generator),
      ),
    ),
  }
}

function costOfRefusal(results: Results<ClosedLoopResult>) {
  const accepted = results[names.emulator]!
  return spreadOf(results[names.refusing]!.map((turn, round) => costUs(turn) / costUs(accepted[round]!)))
}

/** P1: what the API can do, beside the smallest program that could be in its place, and what a refusal costs. */
export const apiCeiling: Scenario = {
  about: 'P1: what the API can do, and what a refusal costs',
  async *run({ options, populated }) {
    const place = await populated()
    const results = await withEmulatorOn(place.dataDir, unlimited, (emulator) =>
      withEmulator(['--limit', '1'], (refusing) => compete(emulator, refusing, shareOf(place, 'ceiling'), options)),
    )
    yield ceilingMeasure(results, options, place.devices.length)
  },
}
