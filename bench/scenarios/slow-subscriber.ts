import type { IssuedDevice } from '@apsaramq/testkit'
import type { PacedMessagesOrder, PacedMessagesResult } from '../generators/paced-messages.ts'
import { absentNotes, names, withBrokers, type Target } from '../lib/brokers.ts'
import { percentileChart } from '../lib/charts.ts'
import { startChild, type Child } from '../lib/child.ts'
import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import type { BenchOptions } from '../lib/options.ts'
import { generatorCore } from '../lib/processor.ts'
import { busy, less, number, type Cell, type Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { spreadOf } from '../lib/statistics.ts'
import { inTurns, type Results } from '../lib/turns.ts'

const perSecond = 1_000
const payloadBytes = 4_096
/** The sockets of both sides hold some seconds of messages before anybody notices that one does not read. */
const leastSeconds = 10

interface Turn extends PacedMessagesResult {
  /** What the emulator's log says of the frozen one, each cause once. */
  causes: string[]
}

type Found = [qos: 0 | 1, results: Results<Turn>]

interface LogEntry {
  seq: number
  kind: string
  cause?: string
}

async function logOf({ management }: RunningEmulator, { clientId }: IssuedDevice): Promise<LogEntry[]> {
  const told = await management.request('GET', `/log?clientId=${encodeURIComponent(clientId)}`)
  return (told as { entries: LogEntry[] }).entries
}

/** Three devices: who sends, who reads, who does not. */
interface Cast {
  publisher: IssuedDevice
  subscriber: IssuedDevice
  frozen: IssuedDevice
}

async function takeTurn(
  generator: Child,
  emulator: RunningEmulator,
  { name, broker, pid }: Target,
  order: Omit<PacedMessagesOrder, 'broker' | 'pid'> & Cast,
): Promise<Turn> {
  const before = (await logOf(emulator, order.frozen)).at(-1)?.seq ?? -1
  const result = await generator.ask<PacedMessagesResult>({ ...order, broker, pid })
  if (name !== names.emulator) return { ...result, causes: [] }
  const entries = (await logOf(emulator, order.frozen)).filter(({ seq, cause }) => seq > before && cause !== undefined)
  return { ...result, causes: [...new Set(entries.map(({ kind, cause }) => `${kind}: ${cause}`))] }
}

/** What became of the frozen one, in a phrase. */
function fateOf(turns: readonly Turn[]): string {
  const cut = turns.filter(({ frozen }) => frozen?.isCut).length
  const missing = spreadOf(turns.map(({ sent, frozen }) => sent - (frozen?.received ?? 0))).median
  const how = cut === 0 ? 'stayed' : cut === turns.length ? 'was cut' : `was cut in ${cut} of ${turns.length} turns`
  return `${how}, ${number(missing)} of ${number(turns[0]!.sent)} did not reach it`
}

const gap = ({ longestGapMs }: Turn) => longestGapMs

function rowsOf([qos, results]: Found): Cell[][] {
  return Object.entries(results).map(([name, turns]) => [
    `QoS ${qos}`,
    name,
    spreadOf(turns.map(gap)),
    spreadOf(turns.map(({ latencies }) => latencies.p50)),
    spreadOf(turns.map(({ latencies }) => latencies.p99)),
    turns.reduce((sum, { sent, received }) => sum + sent - received, 0),
    fateOf(turns),
    [...new Set(turns.flatMap(({ causes }) => causes))].join(', ') || '–',
    Math.max(...turns.map(({ late }) => late.max)),
    busy(turns.map(({ server }) => server)),
  ])
}

const columns = [
  'messages',
  'broker',
  less('longest gap ms'),
  less('p50 ms'),
  less('p99 ms'),
  less('lost to the healthy one'),
  'the frozen one',
  'its log',
  'generator late max ms',
  'server busy',
]

function goalsOf([qos, results]: Found): Measure['goals'] {
  const turns = results[names.emulator]!
  const longest = Math.max(...turns.map(gap))
  const lost = turns.some(({ sent, received }) => received < sent)
  const harmed = turns.filter(({ sent, frozen }) => frozen && (frozen.isCut || frozen.received < sent))
  const unexplained = harmed.filter(({ causes }) => causes.length === 0).length
  const isGenerators = longest <= Math.max(...turns.map(({ late }) => late.max)) // nothing came, for nothing was sent
  return [
    {
      goal: `QoS ${qos}: the healthy one never waits more than 100 ms (${number(longest)})`,
      reached: longest <= 100 || (isGenerators ? null : false),
    },
    { goal: `QoS ${qos}: the healthy one gets everything`, reached: !lost },
    {
      goal: `QoS ${qos}: what the frozen one loses has a cause in the log (${harmed.length - unexplained} of ${harmed.length})`,
      reached: harmed.length === 0 ? null : unexplained === 0,
    },
  ]
}

function measureOf(all: readonly Found[], absent: readonly string[]): Measure {
  return {
    id: 'P10',
    what: `a subscriber that stops reading beside a healthy one, ${number(perSecond)} messages of ${payloadBytes} bytes a second`,
    table: { columns, rows: all.flatMap(rowsOf), keys: 2 },
    figures: all.map(([qos, results]) => ({ qos, results })),
    goals: all.flatMap(goalsOf),
    charts: all.map(([qos, results]) =>
      percentileChart(
        `QoS ${qos}: due → arrived at the healthy one`,
        Object.entries(results).map(([name, turns]) => [name, turns.map(({ latencies }) => latencies)] as const),
      ),
    ),
    notes: [
      ...absentNotes(absent),
      'a gap that is no longer than the generator was late may be its own',
      'where messages stop for good, the gap ends with the turn, 3 s after the last message was sent',
    ],
  }
}

async function measure(emulator: RunningEmulator, options: BenchOptions): Promise<Measure> {
  const [publisher, subscriber, frozen] = await issueDevices(emulator.management, { set: 'slow', count: 3 })
  const cast: Cast = { publisher: publisher!, subscriber: subscriber!, frozen: frozen! }
  const seconds = options.smoke ? options.seconds : Math.max(options.seconds, leastSeconds)
  const generator = startChild(new URL('../generators/paced-messages.ts', import.meta.url), generatorCore)
  const compared = withBrokers(emulator, cast.publisher, ['naive', 'mosquitto'], async (targets, absent) => {
    const all: Found[] = []
    for (const qos of [0, 1] as const) {
      const shape = { topic: 'demo/slow', qos, payloadBytes }
      const order = { ...cast, shape, perSecond, count: Math.ceil(perSecond * seconds) }
      const contestants = targets.map((target) => ({
        name: target.name,
        turn: () => takeTurn(generator, emulator, target, order),
      }))
      all.push([qos, await inTurns(Math.min(options.rounds, 2), contestants)])
    }
    return measureOf(all, absent)
  })
  return compared.finally(() => generator.stop())
}

/** P10: one subscriber that does not read must cost the others nothing. */
export const slowSubscriber: Scenario = {
  about: 'P10: a subscriber that stops reading beside a healthy one',
  async *run({ options, withEmulator }) {
    yield await withEmulator([], (emulator) => measure(emulator, options))
  },
}
