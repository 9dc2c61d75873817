import { answerParent } from '../lib/child.ts'
import { openLoop, type OpenLoopResult } from '../lib/open-loop.ts'

/** Calls that are to be made at their moments, from a process of their own. */
export interface PacedCallsOrder {
  origin: string
  /** Of the server. */
  pid: number
  moments: number[]
  requests: Uint8Array[]
}

answerParent(({ origin, pid, moments, requests }: PacedCallsOrder): Promise<OpenLoopResult> => {
  return openLoop({ origin, pid }, { moments, next: (index) => Buffer.from(requests[index]!) })
})
