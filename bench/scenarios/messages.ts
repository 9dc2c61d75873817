import type { IssuedDevice } from '@apsaramq/testkit'
import type { MessagesOrder, MessagesResult } from '../generators/messages.ts'
import { absentNotes, names, withBrokers, type Target } from '../lib/brokers.ts'
import { startChild, type Child } from '../lib/child.ts'
import { issueDevices } from '../lib/devices.ts'
import type { BenchOptions } from '../lib/options.ts'
import { generatorCore } from '../lib/processor.ts'
import { busy, less, more, number, type Cell, type Measure } from '../lib/report.ts'
import { saturationNotes } from '../lib/saturation.ts'
import type { Scenario } from '../lib/scenario.ts'
import { spreadOf } from '../lib/statistics.ts'
import { inTurns, type Results } from '../lib/turns.ts'

/** A way for messages to go: from one client to some, at one QoS. */
interface Way {
  title: string
  qos: 0 | 1
  subscribers: number
}

const payloadBytes = 64
const windows = { 0: 1_000, 1: 100 } as const

function waysOf({ smoke }: BenchOptions): Way[] {
  return [1, smoke ? 3 : 50].flatMap((subscribers) =>
    ([0, 1] as const).map((qos) => ({ title: `1→${subscribers}, QoS ${qos}`, qos, subscribers })),
  )
}

type Found = [Way, Results<MessagesResult>]

function compete(
  generator: Child,
  targets: readonly Target[],
  [publisher, ...others]: readonly IssuedDevice[],
  { qos, subscribers }: Way,
  { seconds, rounds }: BenchOptions,
): Promise<Results<MessagesResult>> {
  const order: Omit<MessagesOrder, 'broker' | 'pid'> = {
    seconds,
    publisher: publisher!, // one more device was issued than there are subscribers
    shape: { topic: 'demo/bench', qos, payloadBytes },
    subscribers: others.slice(0, subscribers),
    window: windows[qos],
  }
  const contestants = targets.map(({ name, broker, pid }) => ({
    name,
    turn: () => generator.ask<MessagesResult>({ ...order, broker, pid }),
  }))
  return inTurns(rounds, contestants)
}

/** Microseconds of the broker's processor a message received. */
const costUs = ({ server, delivered }: MessagesResult) => (server ? (server.cpuMs * 1_000) / delivered : Number.NaN)

/** Round by round, so that a noise of the machine hits both. */
function ratios(results: Results<MessagesResult>, name: string, of: (turn: MessagesResult) => number) {
  return spreadOf(results[name]!.map((turn, round) => of(turn) / of(results[names.naive]![round]!)))
}

const rate = ({ deliveredPerSecond }: MessagesResult) => deliveredPerSecond

function rowsOf([way, results]: Found): Cell[][] {
  return Object.entries(results).map(([name, turns]) => [
    way.title,
    name,
    spreadOf(turns.map(rate)),
    name === names.naive ? '1' : ratios(results, name, rate),
    spreadOf(turns.map(costUs)),
    busy(turns.map(({ server }) => server)),
    busy(turns.map(({ generator }) => generator)),
  ])
}

const columns = [
  'way',
  'broker',
  more('received/s'),
  more('of bare'),
  less('µs CPU each'),
  'server busy',
  'generator busy',
]

function goalOf([way, results]: Found): Measure['goals'][number] {
  const { median } = ratios(results, names.emulator, rate)
  const reached = Number.isFinite(median) ? median >= 0.9 : null // a turn too short for the first message
  return { goal: `${way.title}: at least 0.90 of bare aedes (${number(median)})`, reached }
}

function notesOf([way, results]: Found): string[] {
  return Object.entries(results).flatMap(([name, turns]) => {
    const lost = turns.reduce((sum, turn) => sum + turn.lost, 0)
    const saturated = saturationNotes(
      `${name} (${way.title})`,
      turns.map(({ generator }) => generator),
    )
    return lost > 0 ? [...saturated, `${name} (${way.title}) lost ${lost} messages`] : saturated
  })
}

function measureOf(all: readonly Found[], absent: readonly string[]): Measure {
  return {
    id: 'P9',
    what: `messages of ${payloadBytes} bytes through the broker (TLS 1.3, EC), ${windows[0]} under way with QoS 0, ${windows[1]} with QoS 1`,
    table: { columns, rows: all.flatMap(rowsOf), keys: 2 },
    figures: all.map(([way, results]) => ({ ...way, results })),
    goals: all.map(goalOf),
    notes: [
      ...absentNotes(absent),
      ...all.flatMap(notesOf),
      'where the generator is the bottleneck, the CPU of each message still compares the brokers',
    ],
  }
}

/** P9: what the broker passes on in a closed loop, with everything enforced, beside brokers that enforce nothing. */
export const messages: Scenario = {
  about: 'P9: messages through the broker',
  async *run({ options, withEmulator }) {
    yield await withEmulator([], async (emulator) => {
      const ways = waysOf(options)
      const count = 1 + Math.max(...ways.map(({ subscribers }) => subscribers))
      const devices = await issueDevices(emulator.management, { set: 'messages', count })
      const generator = startChild(new URL('../generators/messages.ts', import.meta.url), generatorCore)
      const compared = withBrokers(emulator, devices[0]!, ['naive', 'older', 'mosquitto'], async (targets, absent) => {
        const all: Found[] = []
        for (const way of ways) all.push([way, await compete(generator, targets, devices, way, options)])
        return measureOf(all, absent)
      })
      return compared.finally(() => generator.stop())
    })
  },
}
