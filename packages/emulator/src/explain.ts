import { causes, type Clock, type LogEntry, type Session } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import { livesOf, type CertificateLife } from './lifecycle/certificate-life.ts'
import { certificateSays } from './lifecycle/certificate-says.ts'
import type { LifecycleBook } from './lifecycle/lifecycle-book.ts'
import type { Recorder } from './recorder.ts'

/** What is asked about; one of the three. */
export interface Question {
  clientId?: string
  sn?: string
  requestId?: string
}

/** A certificate that bears the serial number. */
export interface CertificateState {
  kind: 'device' | 'ca'
  instanceId: string
  sn: string
  caSn: string
  status: CertificateLife['status']
  /** One sentence: the status, since when, by whom. */
  says: string
}

/** Why it is as it is (features F3). */
export interface Explanation {
  /** One sentence. */
  answer: string
  /** The newest refusal or forced end, where there was one. */
  last: LogEntry | null
  certificates: CertificateState[]
  sessions: Session[]
  /** What was logged about it, oldest first. */
  entries: LogEntry[]
}

function stateOf(life: CertificateLife): CertificateState {
  const { kind, instanceId = '', sn, caSn = '', status } = life
  return { kind, instanceId, sn, caSn, status, says: certificateSays(life) }
}

function entriesAbout(recorder: Recorder, { clientId, sn, requestId }: Question): LogEntry[] {
  if (clientId !== undefined) return recorder.entries({ clientId })
  if (requestId !== undefined) return recorder.entries({ requestId })
  return recorder.entries({ sn: sn! })
}

function sentence(last: LogEntry | null, certificates: CertificateState[], entries: LogEntry[]): string {
  const state = certificates.map(({ says }) => says).join('; ')
  if (last?.cause) {
    const what = last.kind === 'drop' ? 'ended' : 'refused'
    const code = last.code === undefined ? '' : ` with ${last.status} ${last.code}`
    return `${what} at ${new Date(last.at).toISOString()}${code}: ${causes[last.cause]} (${last.cause}) – ${last.message}${state ? `; now ${state}` : ''}`
  }
  if (state) return state
  if (entries.length > 0) return `nothing was refused; last: ${entries.at(-1)!.message}`
  return 'nothing is known of it: it was never seen, or its entries have left the log'
}

/** What an explanation is read from. */
export interface ExplainParts {
  store: Store
  recorder: Recorder
  lifecycles: LifecycleBook
  clock: Clock
}

/** Answers why a client, a certificate or a request was refused or ended. */
export async function explain(question: Question, parts: ExplainParts): Promise<Explanation> {
  const { store, recorder, lifecycles, clock } = parts
  const entries = entriesAbout(recorder, question)
  const last = entries.findLast((entry) => entry.cause !== undefined && entry.kind !== 'warn') ?? null
  const sn = question.sn ?? last?.deviceSn ?? entries.findLast((entry) => entry.deviceSn)?.deviceSn
  const lives = sn === undefined ? [] : await livesOf({ store, lifecycles }, { sn, now: clock.now() })
  // of one that was never registered the log says all there is to say
  const certificates = lives.filter(({ status }) => status !== 'never-registered').map(stateOf)
  const sessions = store.sessions
    .list('all')
    .filter((session) => session.clientId === question.clientId || (sn !== undefined && session.deviceSn === sn))
  return { answer: sentence(last, certificates, entries), last, certificates, sessions, entries }
}
