import { managementClient, type Subject } from '@apsaramq/testkit'
import { expect } from 'vitest'
import { target } from './target.ts'

/** What the suite reads of an explanation. */
export interface Explanation {
  answer: string
  last: { cause?: string; message: string; requestId?: string; code?: string; status?: number } | null
  certificates: { kind: string; sn: string; status: string; says: string }[]
  sessions: { clientId: string }[]
}

/** The emulator's explanation, where the target has a management port; undefined where it has none. */
export async function explanation(subject: Subject, management = target.management): Promise<Explanation | undefined> {
  if (!management) return undefined
  return (await managementClient(management).explain(subject)) as Explanation // the port's contract
}

/** Checks that the emulator names `cause` as the reason; says nothing of a target without a management port. */
export async function expectExplained(subject: Subject, cause: string, management?: string): Promise<void> {
  const told = await explanation(subject, management)
  if (told) expect({ subject, cause: told.last?.cause, answer: told.answer }).toMatchObject({ subject, cause })
}
