import { openLanes, warmUp } from './http-lanes.ts'
import { pace } from './pace.ts'
import { meterOf, type Usage } from './processor.ts'
import { latenciesOf, type Latencies } from './statistics.ts'

/** One call of an open loop; moments of performance.now(). */
export interface PacedCall {
  /** Its place in the order of the moments. */
  index: number
  status: number
  dueAt: number
  sentAt: number
  answeredAt: number
}

/** What came of calls that were sent at their moments. */
export interface OpenLoopResult {
  calls: PacedCall[]
  /** How late the generator itself was. */
  late: Latencies
  server: Usage | undefined
  generator: Usage | undefined
}

/** Where the calls come from. */
export interface CallSource {
  /** When each is due, milliseconds from the beginning. */
  moments: readonly number[]
  /** The bytes to send now. */
  next(index: number): Buffer
  /** Told each answer. */
  answered?(index: number, status: number): void
}

/** Whom the calls go to. */
export interface CallTarget {
  origin: string
  /** Of the server. */
  pid: number
  /** Most calls under way at once; 128 without a value. */
  lanes?: number
  /** Waits, once the lanes are open, for the moment to begin at. */
  begin?(): Promise<void>
}

/** Sends calls at their moments; resolves when all are answered. */
export async function openLoop(
  { origin, pid, lanes: count = 128, begin }: CallTarget,
  source: CallSource,
): Promise<OpenLoopResult> {
  const lanes = await openLanes(origin, count)
  await warmUp(lanes, count)
  const calls: PacedCall[] = []
  const meters = [meterOf(pid), meterOf(process.pid)]
  let answered!: () => void
  const done = new Promise<void>((resolve) => {
    answered = resolve
  })
  await begin?.()
  const late = await pace(source.moments, (index, dueAt) => {
    const bytes = source.next(index)
    const sentAt = performance.now()
    lanes.send(bytes, ({ status, answeredAt }) => {
      source.answered?.(index, status)
      calls.push({ index, status, dueAt, sentAt, answeredAt })
      if (calls.length === source.moments.length) answered()
    })
  })
  await done
  const [server, generator] = meters.map((stop) => stop())
  lanes.close()
  return { calls, late: latenciesOf(late), server, generator }
}
