import type { PacedMessagesOrder, PacedMessagesResult } from '../generators/paced-messages.ts'
import { absentNotes, names, withBrokers, type Target } from '../lib/brokers.ts'
import { percentileChart } from '../lib/charts.ts'
import { startChild } from '../lib/child.ts'
import { issueDevices } from '../lib/devices.ts'
import { generatorCore } from '../lib/processor.ts'
import { busy, less, number, type Cell, type Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { spreadOf } from '../lib/statistics.ts'
import { inTurns, type Results } from '../lib/turns.ts'

const perSecond = 1_000
const payloadBytes = 64

type Order = Omit<PacedMessagesOrder, 'broker' | 'pid'>
type Found = [qos: 0 | 1, results: Results<PacedMessagesResult>]

/** Microseconds of the broker's processor a message. */
const costUs = ({ server, received }: PacedMessagesResult) => (server ? (server.cpuMs * 1_000) / received : Number.NaN)

const median = (turns: readonly PacedMessagesResult[], of: (turn: PacedMessagesResult) => number) =>
  spreadOf(turns.map(of)).median

function rowsOf([qos, results]: Found): Cell[][] {
  return Object.entries(results).map(([name, turns]) => [
    `QoS ${qos}`,
    name,
    spreadOf(turns.map(costUs)),
    median(turns, ({ latencies }) => latencies.p50),
    median(turns, ({ latencies }) => latencies.p99),
    Math.max(...turns.map(({ latencies }) => latencies.max)),
    median(turns, ({ late }) => late.p99),
    turns.reduce((sum, { sent, received }) => sum + sent - received, 0),
    busy(turns.map(({ server }) => server)),
    busy(turns.map(({ generator }) => generator)),
  ])
}

const columns = [
  'messages',
  'broker',
  less('µs CPU each'),
  less('p50 ms'),
  less('p99 ms'),
  less('max ms'),
  'generator late p99 ms',
  less('lost'),
  'server busy',
  'generator busy',
]

/** Later than this the generator sends in bunches, which cost less each than single messages. */
const bunchedMs = 5

const isBunched = (turns: readonly PacedMessagesResult[]) => median(turns, ({ late }) => late.p99) > bunchedMs

function goalOf([qos, results]: Found): Measure['goals'][number] {
  const turns = results[names.emulator]!
  const cost = median(turns, costUs)
  const goal = `QoS ${qos}: at most 200 µs of the broker's CPU (${number(cost)})`
  return { goal, reached: isBunched(turns) ? null : cost <= 200 }
}

function bunchNotes([qos, results]: Found): string[] {
  return Object.entries(results)
    .filter(([, turns]) => isBunched(turns))
    .map(([name]) => `${name} (QoS ${qos}) got its messages in bunches, for the generator was late: they cost less so`)
}

function measureOf(all: readonly Found[], absent: readonly string[]): Measure {
  return {
    id: 'P11',
    what: `single messages of ${payloadBytes} bytes, ${perSecond} a second from one client to another (TLS 1.3, EC)`,
    table: { columns, rows: all.flatMap(rowsOf), keys: 2 },
    figures: all.map(([qos, results]) => ({ qos, results })),
    goals: all.map(goalOf),
    charts: all.map(([qos, results]) =>
      percentileChart(
        `QoS ${qos}: due → arrived`,
        Object.entries(results).map(([name, turns]) => [name, turns.map(({ latencies }) => latencies)] as const),
      ),
    ),
    notes: [
      ...absentNotes(absent),
      ...all.flatMap(bunchNotes),
      // the generator looks at the clock all the time, so that it is busy by design: lateness is what tells
      'latency counts from the moment a message was due; the generator is busy by design, its lateness tells',
    ],
  }
}

/** P11: what one message costs when it comes alone, which is what most messages of devices do. */
export const singleMessages: Scenario = {
  about: 'P11: what a single message costs',
  async *run({ options: { seconds, rounds }, withEmulator }) {
    yield await withEmulator([], async (emulator) => {
      const [publisher, subscriber] = await issueDevices(emulator.management, { set: 'single', count: 2 })
      const generator = startChild(new URL('../generators/paced-messages.ts', import.meta.url), generatorCore)
      const compete = (targets: readonly Target[], order: Order) => {
        const ask = ({ broker, pid }: Target) => generator.ask<PacedMessagesResult>({ ...order, broker, pid })
        return inTurns(
          rounds,
          targets.map((target) => ({ name: target.name, turn: () => ask(target) })),
        )
      }
      const compared = withBrokers(emulator, publisher!, ['naive', 'older', 'mosquitto'], async (targets, absent) => {
        const all: Found[] = []
        for (const qos of [0, 1] as const) {
          const shape = { topic: 'demo/single', qos, payloadBytes }
          const order = { shape, perSecond, count: Math.ceil(perSecond * seconds) }
          all.push([qos, await compete(targets, { ...order, publisher: publisher!, subscriber: subscriber! })])
        }
        return measureOf(all, absent)
      })
      return compared.finally(() => generator.stop())
    })
  },
}
