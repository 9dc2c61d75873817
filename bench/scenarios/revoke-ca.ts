import { issueDevices } from '../lib/devices.ts'
import type { RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import { openLanes, sendOne } from '../lib/http-lanes.ts'
import { openSession, openSessions, type LiveSession } from '../lib/mqtt-session.ts'
import type { BenchOptions } from '../lib/options.ts'
import { until } from '../lib/pace.ts'
import { less, number, type Cell, type Measure } from '../lib/report.ts'
import { callSigner } from '../lib/signed-calls.ts'
import { latenciesOf, spreadOf, type Latencies } from '../lib/statistics.ts'

interface CaDeletion {
  sessions: number
  callMs: number
  /** From the request to the first, the middle and the last close. */
  closes: Latencies & { first: number }
  /** PINGREQ → PINGRESP of a device of another CA, before and while. */
  pingsBefore: Latencies
  pingsMeanwhile: Latencies
}

async function newCa({ management }: RunningEmulator, commonName: string): Promise<string> {
  const { sn } = (await management.request('POST', '/cas', { commonName })) as { sn: string }
  await management.request('POST', `/cas/${sn}/register`)
  return sn
}

/** Pings without a pause until told to stop: the next PINGREQ goes out with the PINGRESP. */
function keepPinging(bystander: LiveSession) {
  const pings: number[] = []
  const told = new AbortController()
  const done = (async () => {
    while (!told.signal.aborted) pings.push(await bystander.ping())
  })()
  return async () => {
    told.abort()
    await done
    return latenciesOf(pings)
  }
}

async function pingFor(bystander: LiveSession, ms: number): Promise<Latencies> {
  const stop = keepPinging(bystander)
  await until(performance.now() + ms)
  return stop()
}

async function deleteCa(
  emulator: RunningEmulator,
  sessions: readonly LiveSession[],
  caSn: string,
  bystander: LiveSession,
): Promise<CaDeletion> {
  const lanes = await openLanes(emulator.endpoints.api, 1)
  const request = callSigner(emulator.endpoints).sign('DeleteCaCertificate', {
    MqttInstanceId: emulator.endpoints.instanceId,
    Sn: caSn,
  })
  const pingsBefore = await pingFor(bystander, 300)
  const stopPinging = keepPinging(bystander)
  const sentAt = performance.now()
  const { status, body, answeredAt } = await sendOne(lanes, request)
  if (status !== 200) throw new Error(`DeleteCaCertificate was answered ${status}: ${body}`)
  const moments = await Promise.all(sessions.map(({ closed }) => closed))
  const pingsMeanwhile = await stopPinging()
  lanes.close()
  const closes = moments.map((moment) => moment - sentAt)
  return {
    sessions: sessions.length,
    callMs: answeredAt - sentAt,
    closes: { ...latenciesOf(closes), first: Math.min(...closes) },
    pingsBefore,
    pingsMeanwhile,
  }
}

async function takeRound(emulator: RunningEmulator, count: number, round: number): Promise<CaDeletion> {
  const ca = await newCa(emulator, `bench CA ${round}`)
  const devices = await issueDevices(emulator.management, { set: `ca${round}`, count, ca })
  const [other] = await issueDevices(emulator.management, { set: `bystander${round}`, count: 1 })
  const broker = brokerOf(emulator)
  const bystander = await openSession(broker, other!, 'TLSv1.3')
  const sessions = await openSessions(broker, devices)
  const result = await deleteCa(emulator, sessions, ca, bystander)
  bystander.end()
  return result
}

const columns = [
  'sessions',
  'rounds',
  less('call ms'),
  less('first close ms'),
  less('middle ms'),
  less('last ms'),
  'pings meanwhile',
  less('longest ping ms'),
  'longest before ms',
]

function rowOf(rounds: readonly CaDeletion[]): Cell[] {
  const over = (of: (round: CaDeletion) => number) => spreadOf(rounds.map(of))
  return [
    rounds[0]!.sessions,
    rounds.length,
    over(({ callMs }) => callMs),
    over(({ closes }) => closes.first),
    over(({ closes }) => closes.p50),
    over(({ closes }) => closes.max),
    over(({ pingsMeanwhile }) => pingsMeanwhile.count),
    over(({ pingsMeanwhile }) => pingsMeanwhile.max),
    over(({ pingsBefore }) => pingsBefore.max),
  ]
}

/** P5b: a CA is deleted, and with it all of its live devices; nobody else may notice. */
export async function revokeCaMeasure(emulator: RunningEmulator, options: BenchOptions): Promise<Measure> {
  const rounds: CaDeletion[] = []
  const count = options.smoke ? 1 : Math.min(options.rounds, 3)
  for (let round = 1; round <= count; round += 1) rounds.push(await takeRound(emulator, options.sessions, round))
  const last = Math.max(...rounds.map(({ closes }) => closes.max))
  const wait = Math.max(...rounds.map(({ pingsMeanwhile }) => pingsMeanwhile.max))
  return {
    id: 'P5b',
    what: `a CA with ${options.sessions} live sessions is deleted; times from the request`,
    table: {
      columns,
      rows: [rowOf(rounds)],
    },
    figures: rounds,
    goals: [
      { goal: `last socket closed after at most 150 ms (${number(last)})`, reached: last <= 150 },
      { goal: `no other client waits more than 20 ms meanwhile (${number(wait)})`, reached: wait <= 20 },
    ],
    notes: ['the client of the pings shares its process with the closing ones: a long ping may be its own wait'],
  }
}
