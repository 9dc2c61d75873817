import type { ConnectOrder, ConnectResult } from '../generators/connect.ts'
import { startChild } from '../lib/child.ts'
import { closedLoop } from '../lib/closed-loop.ts'
import { issueDevices, registerDevices } from '../lib/devices.ts'
import { unlimited, type RunningEmulator } from '../lib/emulator.ts'
import { brokerOf } from '../lib/field.ts'
import type { Heap } from '../lib/heap.ts'
import type { BenchOptions } from '../lib/options.ts'
import { generatorCore } from '../lib/processor.ts'
import { less, number, type Cell, type Measure } from '../lib/report.ts'
import type { Scenario } from '../lib/scenario.ts'
import { callSigner, statusFlips } from '../lib/signed-calls.ts'
import { slopeOf } from '../lib/statistics.ts'

/** Does something `count` times. */
type Step = (count: number) => Promise<void>

/** Something that is done over and over, with looks at the memory between. */
interface Course {
  what: string
  total: number
  /**
   * The log keeps 10,000 to 20,000 entries of a kind and cuts off 10,000 in one piece: it is full after two such
   * periods, and one period apart it is equally full.
   */
  period: number
  step: Step
}

interface Mark extends Heap {
  done: number
}

interface Run {
  course: Course
  marks: Mark[]
  /** Index of the first mark after which nothing fills any more. */
  from: number
}

const million = 1_000_000
/** What may be more after a million; measuring itself moves by less. */
const toleratedMb = 10

async function run(course: Course, look: () => Promise<Heap>): Promise<Run> {
  const { total, step } = course
  const period = Math.min(course.period, Math.ceil(total / 4)) // a short run has to make do
  const marks: Mark[] = [{ done: 0, ...(await look()) }]
  for (let done = 0; done < total;) {
    const count = Math.min(period, total - done)
    await step(count)
    done += count
    marks.push({ done, ...(await look()) })
  }
  return { course, marks, from: 2 }
}

function slope({ marks, from }: Run, of: keyof Heap): number {
  return slopeOf(marks.slice(from).map((mark) => [mark.done, mark[of]]))
}

async function connector(emulator: RunningEmulator, { smoke }: BenchOptions): Promise<{ step: Step; stop: Step }> {
  const devices = await issueDevices(emulator.management, { set: 'endurance', count: smoke ? 2 : 32 })
  const generator = startChild(new URL('../generators/connect.ts', import.meta.url), generatorCore)
  const order: ConnectOrder = {
    devices,
    broker: brokerOf(emulator),
    version: 'TLSv1.3',
    resume: false,
    parallel: smoke ? 2 : 8,
    seconds: Infinity,
  }
  const step: Step = async (attempts) => {
    const { refused } = await generator.ask<ConnectResult>({ ...order, attempts })
    if (refused > 0) throw new Error(`${refused} of ${attempts} connections were refused`)
  }
  return { step, stop: () => generator.stop() }
}

async function caller({ endpoints, management, pid }: RunningEmulator, options: BenchOptions): Promise<Step> {
  const { connections, smoke } = options
  const devices = await registerDevices(management, { set: 'endurance-calls', count: smoke ? 10 : 1_000 })
  const [signer, flip] = [callSigner(endpoints), statusFlips(devices)]
  return async (count) => {
    const lanes = Math.min(connections, count)
    const requests = Array.from({ length: count }, () => flip(signer))
    const slices = Array.from({ length: lanes }, (_, lane) => requests.filter((_one, at) => at % lanes === lane))
    const { statuses, sample } = await closedLoop(endpoints.api, pid, slices)
    if (statuses['200'] !== count) throw new Error(`calls were answered ${JSON.stringify(statuses)}: ${sample}`)
  }
}

const mb = (bytes: number) => bytes / 2 ** 20

function rowsOf({ course, marks }: Run): Cell[][] {
  return marks.map(({ done, rss, heapUsed, external }) => [course.what, done, mb(rss), mb(heapUsed), mb(external)])
}

function goalOf(one: Run): Measure['goals'][number] {
  const { course, marks } = one
  const grown = mb(slope(one, 'heapUsed') * million)
  const bytes = `${number(slope(one, 'heapUsed'))} bytes of heap each, ${number(slope(one, 'external'))} beside it`
  const goal = `no growth over ${number(million)} ${course.what} (over ${number(marks.at(-1)!.done)}: ${bytes})`
  return { goal, reached: course.total >= million ? grown <= toleratedMb : null }
}

function extrapolation(one: Run): string {
  const { what, total, period } = one.course
  if (total < 4 * period) return `${number(total)} ${what} are too few to tell: --connects and --calls make it more`
  const of = (part: keyof Heap) => `${number(mb(slope(one, part) * million))} MB`
  return `at this rate ${number(million)} ${what} would add ${of('heapUsed')} of heap, ${of('external')} beside it, ${of('rss')} resident`
}

function measureOf(runs: readonly Run[]): Measure {
  return {
    id: 'P7',
    what: 'memory after many connections and calls, garbage collected',
    table: {
      columns: ['what', 'done', less('resident MB'), less('heap MB'), less('beside the heap MB')],
      rows: runs.flatMap(rowsOf),
      keys: 2,
    },
    figures: runs.map(({ course: { what, total }, marks }) => ({ what, total, marks })),
    goals: runs.map(goalOf),
    notes: [
      ...runs.map(extrapolation),
      'slopes begin at the third mark, when the log in memory is full',
      'nonces are kept for 15 minutes, 8 bytes each and room to grow, beside the heap: calls of one quarter of an hour show as growth',
    ],
  }
}

/** P7: does memory grow with what has come and gone? A million takes hours: `--connects`, `--calls`. */
export const endurance: Scenario = {
  about: 'P7: does memory grow with what has come and gone?',
  async *run({ options, withProbedEmulator }) {
    const measured = async (emulator: RunningEmulator, look: () => Promise<Heap>) => {
      const { step, stop } = await connector(emulator, options)
      try {
        const connecting = { what: 'connections', total: options.connects, period: 5_000, step }
        const calling = { what: 'calls', total: options.calls, period: 10_000, step: await caller(emulator, options) }
        return [await run(connecting, look), await run(calling, look)]
      } finally {
        await stop(0)
      }
    }
    yield measureOf(await withProbedEmulator(unlimited, measured))
  },
}
