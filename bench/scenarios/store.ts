import { unlimited, withDirectory, withEmulatorOn, type RunningEmulator } from '../lib/emulator.ts'
import { registerDevices, type DeviceName } from '../lib/devices.ts'
import { openLanes, sendOne, type Lanes } from '../lib/http-lanes.ts'
import type { BenchOptions } from '../lib/options.ts'
import { residentBytes } from '../lib/processor.ts'
import { withSpread, number, type Measure } from '../lib/report.ts'
import { shareOf, type Scenario } from '../lib/scenario.ts'
import { callSigner, statusFlips } from '../lib/signed-calls.ts'
import { latenciesOf, spreadOf, type Latencies } from '../lib/statistics.ts'

/** One start of an emulator on a directory, and a few calls one after the other. */
interface Visit {
  readyMs: number
  residentBytes: number | undefined
  firstPage: Latencies
  lastPage: Latencies
  flip: Latencies
}

async function timed(times: number, call: () => Promise<{ status: number; body: string }>): Promise<Latencies> {
  const durations: number[] = []
  for (let at = 0; at < times; at += 1) {
    const beganAt = performance.now()
    const { status, body } = await call()
    if (status !== 200) throw new Error(`a call was answered ${status}: ${body}`)
    durations.push(performance.now() - beganAt)
  }
  return latenciesOf(durations)
}

/** Pages and flips, on one connection. */
async function callAround(
  { endpoints }: RunningEmulator,
  lanes: Lanes,
  flip: ReturnType<typeof statusFlips>,
  all: number,
  times: number,
) {
  const signer = callSigner(endpoints)
  const page = (pageNo: number) => () =>
    sendOne(
      lanes,
      signer.sign(
        'ListDeviceCertificate',
        { MqttInstanceId: endpoints.instanceId, PageNo: String(pageNo), PageSize: '100' },
        'GET',
      ),
    )
  await timed(Math.ceil(times / 4), page(1)) // warm-up
  return {
    firstPage: await timed(times, page(1)),
    lastPage: await timed(times, page(Math.ceil(all / 100))),
    flip: await timed(times, () => sendOne(lanes, flip(signer))),
  }
}

interface Place {
  dataDir: string
  all: number
  flip: ReturnType<typeof statusFlips>
}

function visit({ dataDir, all, flip }: Place, times: number): Promise<Visit> {
  return withEmulatorOn(dataDir, unlimited, async (emulator) => {
    const resident = residentBytes(emulator.pid)
    const lanes = await openLanes(emulator.endpoints.api, 1)
    const figures = await callAround(emulator, lanes, flip, all, times)
    lanes.close()
    return { readyMs: emulator.readyMs, residentBytes: resident, ...figures }
  })
}

function register(dataDir: string, count: number): Promise<DeviceName[]> {
  return withEmulatorOn(dataDir, unlimited, ({ management }) => registerDevices(management, { set: 'few', count }))
}

async function visits(
  places: Record<string, Place>,
  { rounds, smoke }: BenchOptions,
): Promise<Record<string, Visit[]>> {
  const found: Record<string, Visit[]> = Object.fromEntries(Object.keys(places).map((name) => [name, []]))
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    for (const [name, place] of Object.entries(places)) found[name]!.push(await visit(place, smoke ? 5 : 200))
  }
  return found
}

const mb = (bytes: number | undefined) => (bytes === undefined ? Number.NaN : bytes / 2 ** 20)
const columns = [
  'devices',
  'start to ready ms',
  'resident MB',
  'first page p50 ms',
  'last page p50 ms',
  'p99 ms',
  'flip p50 ms',
  'p99 ms',
]

function rowOf(all: number, rounds: readonly Visit[]): (string | number)[] {
  const over = (of: (one: Visit) => number) => spreadOf(rounds.map(of))
  return [
    all,
    withSpread(over(({ readyMs }) => readyMs)),
    withSpread(over(({ residentBytes: bytes }) => mb(bytes))),
    over(({ firstPage }) => firstPage.p50).median,
    over(({ lastPage }) => lastPage.p50).median,
    over(({ lastPage }) => lastPage.p99).median,
    over(({ flip }) => flip.p50).median,
    over(({ flip }) => flip.p99).median,
  ]
}

/** P8: what many devices cost: opening, a page of the list, a change of status; and the memory they take (P7). */
export const store: Scenario = {
  name: 'store',
  async *run({ options, populated }) {
    const many = await populated()
    const few = Math.min(100, many.devices.length)
    const found = await withDirectory(async (dataDir) => {
      const names = await register(dataDir, few)
      const places = {
        few: { dataDir, all: few, flip: statusFlips(names) },
        many: { dataDir: many.dataDir, all: many.devices.length, flip: statusFlips(shareOf(many, 'store')) },
      }
      return visits(places, options)
    })
    yield storeMeasure(found, few, many.devices.length, many.registeredInMs)
  },
}

function storeMeasure(found: Record<string, Visit[]>, few: number, all: number, registeredInMs: number): Measure {
  const { median: ready } = spreadOf(found['many']!.map(({ readyMs }) => readyMs))
  const { median: empty } = spreadOf(found['few']!.map(({ readyMs }) => readyMs))
  const { median: page } = spreadOf(found['many']!.map(({ lastPage }) => lastPage.p50))
  const { median: resident } = spreadOf(found['many']!.map(({ residentBytes: bytes }) => mb(bytes)))
  const full = all >= 100_000
  return {
    id: 'P8',
    what: `a store of ${number(all)} devices beside one of ${number(few)}`,
    table: { columns, rows: [rowOf(few, found['few']!), rowOf(all, found['many']!)] },
    figures: { few, all, registeredInMs, found },
    goals: [
      {
        goal: `100,000 devices are open in at most 2 s (${number(ready - empty)} ms more than ${number(few)})`,
        reached: full ? ready - empty <= 2_000 : null,
      },
      { goal: `a page of 100 in at most 5 ms (${number(page)})`, reached: page <= 5 },
      { goal: `P6: a later start from source in at most 800 ms (${number(empty)})`, reached: empty <= 800 },
      { goal: `P7: 100,000 devices in at most 150 MB (${number(resident)})`, reached: full ? resident <= 150 : null },
    ],
    notes: [`registering took ${number(registeredInMs / 1_000)} s: each device has a key and a certificate of its own`],
  }
}
