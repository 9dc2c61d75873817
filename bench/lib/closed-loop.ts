import autocannon from 'autocannon'
import type { SignedRequest } from '@apsaramq/testkit'
import { meterOf, type Usage } from './processor.ts'
import { curveShares, type Latencies } from './statistics.ts'

/** What a server can do when each connection sends its next request as soon as it has its answer. */
export interface ClosedLoopResult {
  perSecond: number
  p50: number
  p99: number
  /** Whole milliseconds, as autocannon counts. */
  latencies: Latencies
  calls: number
  /** Answers by HTTP status. */
  statuses: Record<string, number>
  /** The body of one of the first answers. */
  sample: string
  server: Usage | undefined
  generator: Usage | undefined
}

/** Counts from the first answer to the last: before it requests are built, after it autocannon winds up. */
function countAnswers(pid: number, amount: number) {
  const statuses: Record<string, number> = {}
  let [firstAt, lastAt, left] = [0, 0, amount]
  let meters: (() => Usage | undefined)[] = []
  let usages: (Usage | undefined)[] = []
  const onResponse = (_client: unknown, status: number) => {
    lastAt = performance.now()
    if (firstAt === 0) {
      firstAt = lastAt
      meters = [meterOf(pid), meterOf(process.pid)]
    }
    statuses[status] = (statuses[status] ?? 0) + 1
    left -= 1
    if (left === 0) usages = meters.map((stop) => stop())
  }
  const result = () => ({
    statuses,
    perSecond: (amount - 1) / ((lastAt - firstAt) / 1_000),
    server: usages[0],
    generator: usages[1],
  })
  return { onResponse, result }
}

/** autocannon knows some of the shares: the next that it knows stands for one that it does not. */
function curveOf(latency: autocannon.Histogram, count: number): Latencies {
  const known: [share: number, ms: number][] = [
    [0, latency.min],
    [0.1, latency.p10],
    [0.25, latency.p25],
    [0.5, latency.p50],
    [0.75, latency.p75],
    [0.9, latency.p90],
    [0.975, latency.p97_5],
    [0.99, latency.p99],
    [0.999, latency.p99_9],
    [0.9999, latency.p99_99],
    [1, latency.max],
  ]
  const curve = curveShares.map((share) => known.find(([other]) => other >= share)![1]) // the last is 1
  return { count, p50: latency.p50, p99: latency.p99, max: latency.max, curve }
}

/** Sends each connection's own slice of requests once. @param pid of the server */
export async function closedLoop(origin: string, pid: number, slices: SignedRequest[][]): Promise<ClosedLoopResult> {
  const calls = slices.reduce((sum, slice) => sum + slice.length, 0)
  const counter = countAnswers(pid, calls)
  let next = 0
  let sample = ''
  const setupClient = (client: autocannon.Client) => {
    const requests = (slices[next] ?? []) as autocannon.Request[] // the same fields, by names of its own type
    requests[0]!.onResponse = (_status, body) => {
      sample = body
    }
    client.setRequests(requests)
    next += 1
  }
  const options = { url: origin, connections: slices.length, amount: calls, setupClient, sampleInt: 50 }
  const { latency, errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error, result) => (error ? reject(error as Error) : resolve(result)))
    run.on('response', counter.onResponse)
  })
  if (errors > 0) throw new Error(`${errors} connections to ${origin} failed`)
  return { ...counter.result(), calls, sample, p50: latency.p50, p99: latency.p99, latencies: curveOf(latency, calls) }
}
