import type { ManagementClient } from '@apsaramq/testkit'
import type { PacedCall } from './open-loop.ts'

/** A call that was admitted or refused, and between which moments that was decided; milliseconds. */
export interface Decision {
  from: number
  to: number
  admitted: boolean
}

/** The decisions as the client knows them: after a call was sent and before it was answered. */
export function decisionsSeen(calls: readonly PacedCall[]): Decision[] {
  return calls.map(({ sentAt, answeredAt, status }) => ({ from: sentAt, to: answeredAt, admitted: status === 200 }))
}

interface LogEntry {
  seq: number
  at: number
  kind: string
  cause?: string
  accountId?: string
  durationMs?: number
}

/** Where the log of an emulator stands. */
export async function logPosition(management: ManagementClient): Promise<number> {
  const { entries } = (await management.request('GET', '/log?limit=1')) as { entries: LogEntry[] }
  return entries.at(-1)?.seq ?? 0
}

/** The log shows whole milliseconds of a clock that may be set meanwhile, by parts of one in a second. */
const grainMs = 1

/**
 * The decisions as the emulator's own log has them: between the arrival of a call and its entry. The log keeps the
 * latest 10,000 calls; of more these are the last.
 */
export async function decisionsLogged(management: ManagementClient, after: number): Promise<Decision[]> {
  const told = await management.request('GET', `/log?after=${after}&limit=20000`)
  const { entries } = told as { entries: LogEntry[] }
  const decided = entries.filter(({ kind, cause }) => kind === 'call' && (cause === undefined || cause === 'throttled'))
  return decided.map(({ at, durationMs = 0, cause }) => ({
    from: at - durationMs - grainMs,
    to: at + grainMs,
    admitted: cause === undefined,
  }))
}
