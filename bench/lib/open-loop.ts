import type { SignedRequest } from '@apsaramq/testkit'
import { bytesOf, openLanes } from './http-lanes.ts'
import { pace } from './pace.ts'
import { meterOf, type Usage } from './processor.ts'
import { latenciesOf, type Latencies } from './statistics.ts'

/** One call of an open loop; moments of performance.now(). */
export interface PacedCall {
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
  count: number
  /** The call to send now. */
  next(index: number): SignedRequest
  /** Told each answer. */
  answered?(index: number, status: number): void
}

/** Sends calls at a steady rate. @param pid of the server */
export async function openLoop(
  { origin, pid }: { origin: string; pid: number },
  perSecond: number,
  source: CallSource,
): Promise<OpenLoopResult> {
  const lanes = await openLanes(origin, 128)
  const calls: PacedCall[] = []
  const meters = [meterOf(pid), meterOf(process.pid)]
  let answered!: () => void
  const done = new Promise<void>((resolve) => {
    answered = resolve
  })
  const late = await pace(perSecond, source.count, (index, dueAt) => {
    const bytes = bytesOf(source.next(index))
    const sentAt = performance.now()
    lanes.send(bytes, ({ status, answeredAt }) => {
      source.answered?.(index, status)
      calls.push({ status, dueAt, sentAt, answeredAt })
      if (calls.length === source.count) answered()
    })
  })
  await done
  const [server, generator] = meters.map((stop) => stop())
  lanes.close()
  return { calls, late: latenciesOf(late), server, generator }
}
