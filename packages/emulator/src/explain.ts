import {
  causes,
  deviceKey,
  serialNumberKey,
  type CaCertificate,
  type DeviceCertificate,
  type LogEntry,
  type Session,
} from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
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
  status: 'active' | 'inactive'
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

function statusSentence(kind: string, record: DeviceCertificate | CaCertificate): string {
  const change = record.statusChange
  const who = change
    ? ` since ${new Date(change.at).toISOString()} by access key ${change.accessKeyId}, request ${change.requestId}`
    : ` since its registration at ${new Date(record.registeredAt).toISOString()}`
  return `${kind} certificate ${record.sn} is ${record.status}${who}`
}

function stateOf(kind: 'device' | 'ca', record: DeviceCertificate | CaCertificate): CertificateState {
  const caSn = 'caSn' in record ? record.caSn : record.sn
  const { instanceId, sn, status } = record
  return { kind, instanceId, sn, caSn, status, says: statusSentence(kind, record) }
}

async function certificatesOf(store: Store, sn: string): Promise<CertificateState[]> {
  const { records } = await store.read.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
  const cas = records.filter((ca) => serialNumberKey(ca.sn) === serialNumberKey(sn))
  const devices = await Promise.all(records.map((ca) => store.read.deviceCertificates.get(deviceKey(ca.id, sn))))
  return [
    ...devices.filter((device) => device !== undefined).map((device) => stateOf('device', device)),
    ...cas.map((ca) => stateOf('ca', ca)),
  ]
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

/** Answers why a client, a certificate or a request was refused or ended. */
export async function explain(question: Question, parts: { store: Store; recorder: Recorder }): Promise<Explanation> {
  const { store, recorder } = parts
  const entries = entriesAbout(recorder, question)
  const last = entries.findLast((entry) => entry.cause !== undefined && entry.kind !== 'warn') ?? null
  const sn = question.sn ?? last?.deviceSn ?? entries.findLast((entry) => entry.deviceSn)?.deviceSn
  const certificates = sn === undefined ? [] : await certificatesOf(store, sn)
  const sessions = store.sessions
    .list('all')
    .filter((session) => session.clientId === question.clientId || (sn !== undefined && session.deviceSn === sn))
  return { answer: sentence(last, certificates, entries), last, certificates, sessions, entries }
}
