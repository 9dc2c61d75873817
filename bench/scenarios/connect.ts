import type { SecureVersion } from 'node:tls'
import type { ConnectOrder, ConnectResult } from '../generators/connect.ts'
import { percentileChart } from '../lib/charts.ts'
import { startChild, type Child } from '../lib/child.ts'
import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf, startNaiveBroker } from '../lib/field.ts'
import type { Broker, Identity } from '../lib/mqtt-session.ts'
import type { BenchOptions } from '../lib/options.ts'
import { generatorCore, meterOf, serverCore, type Usage } from '../lib/processor.ts'
import { busy, less, more, number, type Cell, type Measure } from '../lib/report.ts'
import { saturationNotes } from '../lib/saturation.ts'
import type { Scenario } from '../lib/scenario.ts'
import { spreadOf } from '../lib/statistics.ts'
import { caOf, tlsOrder } from '../lib/tls-order.ts'
import { inTurns, type Results } from '../lib/turns.ts'

interface Target {
  name: string
  broker: Broker
  pid: number
}

interface Turn extends ConnectResult {
  server: Usage | undefined
}

/** A kind of connection; the device's key is what the client proves, the server's is RSA 2048 in all of them. */
interface Kind {
  title: string
  keyType: 'ec' | 'rsa'
  version: SecureVersion
  resume: boolean
  parallel: number
}

const name = { bare: 'bare TLS listener', naive: 'bare aedes', emulator: 'emulator' }

function kindsOf({ smoke }: BenchOptions): Kind[] {
  const parallel = smoke ? 2 : 8
  const versions: SecureVersion[] = ['TLSv1.2', 'TLSv1.3']
  const full = (['ec', 'rsa'] as const).flatMap((keyType) =>
    versions.map((version) => ({ title: `full, ${keyType}, ${version}`, keyType, version, resume: false, parallel })),
  )
  const resumed = versions.map((version) => {
    return { title: `resumed, ec, ${version}`, keyType: 'ec', version, resume: true, parallel } as const
  })
  const single = { keyType: 'ec', version: 'TLSv1.3', resume: false, parallel: 1 } as const
  return [...full, ...resumed, { title: 'one at a time, ec, TLSv1.3', ...single }]
}

async function takeTurn(generator: Child, { broker, pid }: Target, order: Omit<ConnectOrder, 'broker'>): Promise<Turn> {
  const meter = meterOf(pid)
  const result = await generator.ask<ConnectResult>({ ...order, broker })
  return { ...result, server: meter() }
}

interface Field {
  generator: Child
  targets: Target[]
  devices: Record<'ec' | 'rsa', Identity[]>
}

function compete({ generator, targets, devices }: Field, kind: Kind, options: BenchOptions): Promise<Results<Turn>> {
  const { version, resume, parallel, keyType } = kind
  const order = { version, resume, parallel, seconds: options.seconds, devices: devices[keyType] }
  const contestants = targets.map((target) => {
    return { name: target.name, turn: () => takeTurn(generator, target, order) }
  })
  return inTurns(options.rounds, contestants)
}

const costMs = ({ server, latencies }: Turn) => (server ? server.cpuMs / latencies.count : Number.NaN)

/** How many connections a server takes for one of the bare listener, turn by turn. */
function ratioOf(results: Results<Turn>, target: string) {
  const bare = results[name.bare]!
  return spreadOf(results[target]!.map(({ perSecond }, round) => perSecond / bare[round]!.perSecond))
}

function rowsOf(kind: Kind, results: Results<Turn>): Cell[][] {
  return Object.values(name).map((target) => {
    const turns = results[target]!
    const connections = turns.reduce((sum, { latencies }) => sum + latencies.count, 0)
    return [
      kind.title,
      target,
      spreadOf(turns.map(({ perSecond }) => perSecond)),
      target === name.bare ? '1' : ratioOf(results, target),
      spreadOf(turns.map(costMs)),
      spreadOf(turns.map(({ latencies }) => latencies.p50)),
      spreadOf(turns.map(({ latencies }) => latencies.p99)),
      number(turns.reduce((sum, { resumed }) => sum + resumed, 0) / connections),
      busy(turns.map(({ server }) => server)),
      busy(turns.map(({ generator }) => generator)),
    ]
  })
}

const columns = [
  'connection',
  'server',
  more('per second'),
  more('of bare'),
  less('ms CPU each'),
  less('p50 ms'),
  less('p99 ms'),
  'resumed',
  'server busy',
  'generator busy',
]

function goalsOf(kind: Kind, results: Results<Turn>): Measure['goals'] {
  if (kind.parallel === 1 && kind.title.startsWith('one')) {
    const p50 = spreadOf(results[name.emulator]!.map(({ latencies }) => latencies.p50)).median
    return [{ goal: `${kind.title}: p50 at most 5 ms (${number(p50)})`, reached: p50 <= 5 }]
  }
  const least = kind.resume ? 0.75 : 0.8
  const { median } = ratioOf(results, name.emulator)
  return [
    { goal: `${kind.title}: at least ${least} of the bare listener (${number(median)})`, reached: median >= least },
  ]
}

function notesOf(kind: Kind, results: Results<Turn>): string[] {
  return Object.entries(results).flatMap(([target, turns]) => {
    const refused = turns.reduce((sum, turn) => sum + turn.refused, 0)
    const saturated = saturationNotes(
      `${target} (${kind.title})`,
      turns.map(({ generator }) => generator),
    )
    return refused > 0 ? [...saturated, `${target} (${kind.title}) refused ${refused} connections`] : saturated
  })
}

async function prepare(emulator: RunningEmulator, { smoke }: BenchOptions) {
  const issue = (keyType: 'ec' | 'rsa', count: number) =>
    issueDevices(emulator.management, { set: `connect-${keyType}`, count, keyType })
  const devices = { ec: await issue('ec', smoke ? 2 : 32), rsa: await issue('rsa', smoke ? 2 : 16) }
  const { order, ca } = await tlsOrder(caOf(devices.ec[0]!))
  const bare = startChild(new URL('../references/bare-tls.ts', import.meta.url), serverCore)
  const naive = await startNaiveBroker(devices.ec[0]!, 'aedes')
  const targets: Target[] = [
    { name: name.bare, pid: bare.pid, broker: { host: '127.0.0.1', port: await bare.ask<number>(order), ca } },
    { name: name.naive, pid: naive.pid, broker: naive.broker },
    { name: name.emulator, pid: emulator.pid, broker: brokerOf(emulator) },
  ]
  const generator = startChild(new URL('../generators/connect.ts', import.meta.url), generatorCore)
  return {
    field: { devices, targets, generator } satisfies Field,
    stop: () => Promise.all([bare.stop(), naive.stop(), generator.stop()]),
  }
}

async function competeInAll(emulator: RunningEmulator, options: BenchOptions) {
  const { field, stop } = await prepare(emulator, options)
  try {
    const all: [Kind, Results<Turn>][] = []
    for (const kind of kindsOf(options)) all.push([kind, await compete(field, kind, options)])
    return all
  } finally {
    await stop()
  }
}

/** P4: new connections with certificates on both sides, to CONNACK and DISCONNECT. */
export const connect: Scenario = {
  about: 'P4: new connections by mutual TLS',
  async *run({ options, withEmulator }) {
    const all = await withEmulator([], (emulator) => competeInAll(emulator, options))
    yield {
      id: 'P4',
      what: 'new connections by mutual TLS: handshake, CONNECT, CONNACK, DISCONNECT',
      table: { columns, rows: all.flatMap(([kind, results]) => rowsOf(kind, results)), keys: 2 },
      figures: all.map(([kind, results]) => ({ ...kind, results })),
      goals: all.flatMap(([kind, results]) => goalsOf(kind, results)),
      charts: all.map(([kind, results]) =>
        percentileChart(
          `${kind.title}: TCP connect → CONNACK`,
          Object.entries(results).map(([target, turns]) => [target, turns.map(({ latencies }) => latencies)] as const),
        ),
      ),
      notes: [
        ...all.flatMap(([kind, results]) => notesOf(kind, results)),
        'latency counts from the TCP connect to the CONNACK, for on TLS 1.3 a client is "connected" before it was judged',
        'where the generator is the bottleneck, the CPU of each connection still compares the servers',
      ],
    }
  },
}
