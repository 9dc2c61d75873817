import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SignedRequest } from '@apsaramq/testkit'
import type { PingsOrder, PingsResult } from '../generators/pings.ts'
import { startChild, type Child } from '../lib/child.ts'
import { withDirectory, withEmulatorOn, type RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import { allowedOf, limit } from '../lib/limit.ts'
import { answeredInOneSecond, provedInOneSecond } from '../lib/one-second-windows.ts'
import { openLoop, type OpenLoopResult, type PacedCall } from '../lib/open-loop.ts'
import type { BenchOptions } from '../lib/options.ts'
import { until } from '../lib/pace.ts'
import { generatorCore } from '../lib/processor.ts'
import { busy, number, type Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { callSigner } from '../lib/signed-calls.ts'
import { latenciesOf } from '../lib/statistics.ts'
import { fleetOf, tenantsOf, writeSeed, type Fleet } from '../lib/tenants.ts'

const accounts = 4
/** Calls a second that each account offers, twice what it may. */
const offered = 1_000
const pingsPerSecond = 100

/** What became of one account's calls. */
interface Share {
  account: string
  calls: PacedCall[]
  accepted: PacedCall[]
  allowed: number
  refused: number
  /** Answered neither 200 nor by the refusal of the limit. */
  other: number
}

interface Field {
  emulator: RunningEmulator
  fleets: readonly Fleet[]
  pinger: Child
}

interface Round {
  shares: Share[]
  result: OpenLoopResult
  pings: PingsResult
  /** Calls answered a second, of all accounts. */
  answeredPerSecond: number
}

/** The accounts take turns call by call; each call names a device of its own, so that each accepted one changes a record. */
function requestsOf(fleets: readonly Fleet[], from: number, count: number): SignedRequest[] {
  const signers = fleets.map(({ endpoints }) => callSigner(endpoints))
  return Array.from({ length: count }, (_, index) => {
    const at = index % fleets.length
    const { devices } = fleets[at]!
    return signers[at]!.setStatus('inactive', devices[(from + Math.floor(index / fleets.length)) % devices.length]!)
  })
}

function sharesOf(fleets: readonly Fleet[], calls: readonly [index: number, call: PacedCall][]): Share[] {
  return fleets.map(({ tenant }, at) => {
    const own = calls.filter(([index]) => index % fleets.length === at).map(([, call]) => call)
    const accepted = own.filter(({ status }) => status === 200)
    const refused = own.filter(({ status }) => status === 400).length
    const other = own.length - accepted.length - refused
    return { account: tenant.accountId, calls: own, accepted, allowed: allowedOf(own, offered), refused, other }
  })
}

function spanSeconds(calls: readonly PacedCall[]): number {
  const first = Math.min(...calls.map(({ sentAt }) => sentAt))
  return (Math.max(...calls.map(({ answeredAt }) => answeredAt)) - first) / 1_000
}

/** Pings for as long as something else takes. */
async function pingDuring<T>(
  { emulator, fleets, pinger }: Field,
  body: () => Promise<T>,
): Promise<{ result: T; pings: PingsResult }> {
  const order = { broker: brokerOf(emulator), device: fleets[0]!.live, perSecond: pingsPerSecond }
  await pinger.ask(order satisfies PingsOrder)
  const result = await body()
  return { result, pings: await pinger.ask<PingsResult>('stop' satisfies PingsOrder) }
}

async function takeRound(field: Field, requests: readonly SignedRequest[]): Promise<Round> {
  const { emulator, fleets } = field
  const target = { origin: emulator.endpoints.api, pid: emulator.pid }
  const indexes: number[] = []
  const { result, pings } = await pingDuring(field, () =>
    openLoop(target, accounts * offered, {
      count: requests.length,
      next: (index) => requests[index]!,
      answered: (index) => void indexes.push(index), // in the order of the answers, as the calls are
    }),
  )
  const calls = result.calls.map((call, at) => [indexes[at]!, call] as [number, PacedCall])
  return {
    result,
    pings,
    shares: sharesOf(fleets, calls),
    answeredPerSecond: result.calls.length / spanSeconds(result.calls),
  }
}

const callColumns = [
  'account',
  'calls',
  'accepted',
  'allowed',
  'refused',
  'other',
  'most in 1 s, proved',
  'most answers in 1 s',
  'p50 ms',
  'p99 ms',
]

function rowOf({ account, calls, accepted, allowed, refused, other }: Share): (string | number)[] {
  const { p50, p99 } = latenciesOf(accepted.map(({ dueAt, answeredAt }) => answeredAt - dueAt))
  const windows = [provedInOneSecond(accepted), answeredInOneSecond(accepted)]
  return [account, calls.length, accepted.length, allowed, refused, other, ...windows, p50, p99]
}

function callsMeasure({ shares, result, answeredPerSecond }: Round): Measure {
  const most = Math.max(...shares.map(({ accepted }) => provedInOneSecond(accepted)))
  const least = Math.min(...shares.map(({ accepted, allowed }) => accepted.length / allowed))
  const total = accounts * offered
  const keptUp = answeredPerSecond >= 0.98 * total
  const isLimited = answeredPerSecond > accounts * limit // else the machine was the limit
  return {
    id: 'P12',
    what: `${accounts} accounts offer ${number(offered)} calls a second each, while a live device sends PINGREQ`,
    table: { columns: callColumns, rows: shares.map(rowOf) },
    figures: {
      answeredPerSecond,
      late: result.late,
      server: result.server,
      generator: result.generator,
      shares: shares.map((share) => ({ ...share, calls: share.calls.length, accepted: share.accepted.length })),
    },
    goals: [
      {
        goal: `no account has more than ${limit} in any second (${most})`,
        reached: most > limit ? false : isLimited || null,
      },
      {
        goal: `each account has at least 99 % of what it may (${number(least * 100)} %)`,
        reached: isLimited ? least >= 0.99 : null,
      },
    ],
    notes: [
      `server ${busy([result.server])} busy, generator ${busy([result.generator])}, which was late by ${number(result.late.p99)} ms (p99)`,
      ...(keptUp
        ? []
        : [`${number(total)}/s were offered and ${number(answeredPerSecond)}/s answered: the machine was saturated`]),
    ],
  }
}

function pingRow(when: string, { sent, latencies, late }: PingsResult): (string | number)[] {
  const { count, p50, p99, max } = latencies
  return [when, sent, sent - count, p50, p99, max, late.p99]
}

function pingsMeasure(calm: PingsResult, { pings }: Round): Measure {
  const columns = ['pings', 'sent', 'unanswered', 'p50 ms', 'p99 ms', 'max ms', 'pinger late p99 ms']
  const { p99 } = pings.latencies
  return {
    id: 'P12',
    what: `PINGREQ → PINGRESP of a live device meanwhile`,
    table: { columns, rows: [pingRow('before', calm), pingRow('during the calls', pings)] },
    figures: { calm, pings },
    goals: [{ goal: `answered within 10 ms, p99 (${number(p99)})`, reached: p99 <= 10 }],
    notes: ['the pinger is a process of its own on the core of the generator: it waits for that, too'],
  }
}

async function measure(emulator: RunningEmulator, { seconds }: BenchOptions): Promise<Measure[]> {
  const each = Math.ceil(offered * seconds)
  const fleets: Fleet[] = []
  for (const tenant of tenantsOf(accounts)) fleets.push(await fleetOf(emulator, tenant, each))
  const pinger = startChild(new URL('../generators/pings.ts', import.meta.url), generatorCore)
  try {
    const field = { emulator, fleets, pinger }
    const wait = (ms: number) => pingDuring(field, () => until(performance.now() + ms))
    await wait(seconds * 250) // warm-up
    const { pings: calm } = await wait(seconds * 1_000)
    // the last devices are warmed up with: that they are inactive already when their turn comes is a rare, cheaper call
    const warm = Math.ceil(each / 10)
    await takeRound(field, requestsOf(fleets, each - warm, accounts * warm))
    await until(performance.now() + 1_100) // what was offered before has left the window
    const round = await takeRound(field, requestsOf(fleets, 0, accounts * each))
    return [callsMeasure(round), pingsMeasure(calm, round)]
  } finally {
    await pinger.stop()
  }
}

/** P12: an API under a flood of several accounts must not make devices wait. */
export const bothPlanes: Scenario = {
  name: 'both-planes',
  async *run({ options }) {
    yield* await withDirectory(async (dataDir) => {
      await mkdir(dirname(dataDir), { recursive: true })
      const seed = await writeSeed(dirname(dataDir), tenantsOf(accounts))
      return withEmulatorOn(dataDir, ['--seed', seed], (emulator) => measure(emulator, options))
    })
  },
}
