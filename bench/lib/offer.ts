import type { Moment } from './charts.ts'
import { decisionsLogged, decisionsSeen, logPosition, type Decision } from './decisions.ts'
import type { RunningEmulator } from './emulator.ts'
import { judge, type Exactness } from './exactness.ts'
import { bytesOf } from './http-lanes.ts'
import { openLoop, type OpenLoopResult, type PacedCall } from './open-loop.ts'
import { until } from './pace.ts'
import { callSigner } from './signed-calls.ts'
import type { DeviceName } from './devices.ts'
import { latenciesOf, type Latencies } from './statistics.ts'

/** The documented limit, calls a second per account and operation. */
export const limit = 500

/** Calls that were offered at their moments, and what the limit made of them. */
export interface Offer extends OpenLoopResult {
  accepted: PacedCall[]
  refused: PacedCall[]
  /** Answered neither by success nor by the refusal of the limit. */
  other: number
  /** Of the accepted ones, from the moment a call was due, so that a late generator hides nothing. */
  latencies: Latencies
  /** Calls answered a second, from the first sent to the last answered. */
  answeredPerSecond: number
  /** By the moments the client knows. */
  seen: Exactness
  /** By the emulator's own log, which knows them better: of the latest 10,000 calls. */
  logged: Exactness
  /** For a picture of it. */
  moments: Moment[]
}

/** Calls answered a second. */
export function answeredPerSecond(calls: readonly PacedCall[]): number {
  const first = calls.reduce((least, { sentAt }) => Math.min(least, sentAt), Infinity)
  const last = calls.reduce((most, { answeredAt }) => Math.max(most, answeredAt), -Infinity)
  return calls.length / ((last - first) / 1_000)
}

/** From the moments at which calls were due to their answers. */
export function latenciesFromDue(calls: readonly PacedCall[]): Latencies {
  return latenciesOf(calls.map(({ dueAt, answeredAt }) => answeredAt - dueAt))
}

/** Resolves when what was offered before has left the window. */
export function emptyWindow(): Promise<void> {
  return until(performance.now() + 1_100)
}

/** Where an offer goes. */
export interface OfferTarget {
  emulator: RunningEmulator
  lanes?: number
  /** Waits for the moment to begin at. */
  begin?(): Promise<void>
}

/** Offers an operation on each device at its moment, the window of the limit being empty; signed ahead. */
export async function offer(
  { emulator, lanes = 128, begin }: OfferTarget,
  moments: readonly number[],
  status: 'active' | 'inactive',
  devices: readonly DeviceName[],
): Promise<Offer> {
  const { endpoints, management, pid } = emulator
  const signer = callSigner(endpoints)
  const requests = moments.map((_moment, at) => bytesOf(signer.setStatus(status, devices[at % devices.length]!)))
  const before = await logPosition(management)
  await emptyWindow()
  const next = (index: number) => requests[index]!
  const result = await openLoop({ origin: endpoints.api, pid, lanes, ...(begin && { begin }) }, { moments, next })
  const accepted = result.calls.filter((call) => call.status === 200)
  const logged = await decisionsLogged(management, before)
  const isWhole = logged.length === result.calls.length // else the log has let go of the first ones
  return {
    ...result,
    accepted,
    refused: result.calls.filter((call) => call.status === 400),
    other: result.calls.filter((call) => call.status !== 200 && call.status !== 400).length,
    latencies: latenciesFromDue(accepted),
    answeredPerSecond: answeredPerSecond(result.calls),
    seen: judge(decisionsSeen(result.calls), limit),
    logged: judge(logged, limit, isWhole ? undefined : logged[0]?.to),
    moments: isWhole ? logged.map(momentOf) : seenMoments(result.calls),
  }
}

const momentOf = ({ from, admitted }: Decision): Moment => ({ at: from, admitted })

const seenMoments = (calls: readonly PacedCall[]) =>
  calls.map(({ answeredAt, status }) => ({ at: answeredAt, admitted: status === 200 }))

/** The figures without the single calls. */
export function figuresOf({ calls, accepted, refused, moments: _picture, ...rest }: Offer) {
  return { ...rest, calls: calls.length, accepted: accepted.length, refused: refused.length }
}
