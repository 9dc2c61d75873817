import { cp } from 'node:fs/promises'
import type { DeviceName } from '../lib/devices.ts'
import { unlimited, withDirectory, withEmulatorOn, type RunningEmulator } from '../lib/emulator.ts'
import { openLanes, sendOne, type Lanes } from '../lib/http-lanes.ts'
import type { BenchOptions } from '../lib/options.ts'
import { fillStore, namesOf } from '../lib/populate.ts'
import { residentBytes } from '../lib/processor.ts'
import { less, number, type Cell, type Measure } from '../lib/report.ts'
import { shareOf, type Populated, type Scenario } from '../lib/scenario.ts'
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
  less('start to ready ms'),
  less('resident MB'),
  less('first page p50 ms'),
  less('last page p50 ms'),
  less('p99 ms'),
  less('flip p50 ms'),
  less('p99 ms'),
]

function rowOf(all: number, rounds: readonly Visit[]): Cell[] {
  const over = (of: (one: Visit) => number) => spreadOf(rounds.map(of))
  return [
    all,
    over(({ readyMs }) => readyMs),
    over(({ residentBytes: bytes }) => mb(bytes)),
    over(({ firstPage }) => firstPage.p50),
    over(({ lastPage }) => lastPage.p50),
    over(({ lastPage }) => lastPage.p99),
    over(({ flip }) => flip.p50),
    over(({ flip }) => flip.p99),
  ]
}

/** Makes a directory of few devices; a copy will do where the many are not more. */
async function fill(dataDir: string, few: number, many: Populated): Promise<DeviceName[]> {
  if (many.devices.length > few) {
    const [fleet] = await fillStore({ dataDir, randomSeed: 1, fleets: [{ set: 'few', count: few }] })
    return namesOf(fleet!) // one was asked for
  }
  await cp(many.dataDir, dataDir, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  return many.devices
}

/** P8: what many devices cost: opening, a page of the list, a change of status; and the memory they take (P7). */
export const store: Scenario = {
  about: 'P8: what many devices cost',
  async *run({ options, populated }) {
    const many = await populated()
    const few = Math.min(100, many.devices.length)
    const found = await withDirectory(async (dataDir) => {
      const places = {
        few: { dataDir, all: few, flip: statusFlips(await fill(dataDir, few, many)) },
        many: { dataDir: many.dataDir, all: many.devices.length, flip: statusFlips(shareOf(many, 'store')) },
      }
      return visits(places, options)
    })
    yield storeMeasure(found, few, many)
  },
}

function storeMeasure(found: Record<string, Visit[]>, few: number, many: Populated): Measure {
  const { certificateBytes, preparedInMs } = many
  const all = many.devices.length
  const { median: ready } = spreadOf(found['many']!.map(({ readyMs }) => readyMs))
  const { median: empty } = spreadOf(found['few']!.map(({ readyMs }) => readyMs))
  const { median: page } = spreadOf(found['many']!.map(({ lastPage }) => lastPage.p50))
  const { median: resident } = spreadOf(found['many']!.map(({ residentBytes: bytes }) => mb(bytes)))
  const full = all >= 100_000
  return {
    id: 'P8',
    what: `a store of ${number(all)} devices beside one of ${number(few)}`,
    table: { columns, rows: [rowOf(few, found['few']!), rowOf(all, found['many']!)] },
    figures: { few, all, certificateBytes, preparedInMs, found },
    goals: [
      {
        goal: `100,000 devices are open in at most 2 s (${number(ready - empty)} ms more than ${number(few)})`,
        reached: full ? ready - empty <= 2_000 : null,
      },
      { goal: `a page of 100 in at most 5 ms (${number(page)})`, reached: page <= 5 },
      { goal: `P6: a later start from source in at most 800 ms (${number(empty)})`, reached: empty <= 800 },
      { goal: `P7: 100,000 devices in at most 150 MB (${number(resident)})`, reached: full ? resident <= 150 : null },
    ],
    notes: [
      `each device has a certificate of its own, ${certificateBytes} bytes of DER, and all the same RSA key; making them took ${number(preparedInMs / 1_000)} s`,
    ],
  }
}
