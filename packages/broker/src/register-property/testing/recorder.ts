import type { LogEntryInput } from '@apsaramq/model'
import type { Change, SessionChange, Store } from '@apsaramq/store'
import { Fold, type KnownCertificate } from './fold.ts'
import type { Attempt, History, LoggedEnd, Message, Point, Setting } from './history.ts'
import { Resurrections } from './resurrections.ts'

const ends: ReadonlySet<string> = new Set<LoggedEnd['kind']>(['refuse', 'drop', 'disconnect'])

/** Records what happens around a broker, each event at a point of one order, a history at a time. */
export class Recorder {
  readonly #fold = new Fold()
  readonly #resurrections = new Resurrections()
  readonly #attempts = new Map<string, Attempt>()
  readonly #messages = new Map<string, Message>()
  /** Ends of which it is not known yet whose they are. */
  #unnamed: { fingerprint: string; end: LoggedEnd }[] = []
  #topicsTouched: Point = 0
  #unsettled: Message[] = []
  #now: Point = 0
  #ended = 0
  #history: History

  constructor(setting: Setting) {
    this.#history = emptyHistory(setting)
  }

  get setting(): Setting {
    return this.#history.setting
  }

  /** The next point. */
  tick(): Point {
    this.#now += 1
    return this.#now
  }

  /** How many connections of this history have ended by the log. */
  get ended(): number {
    return this.#ended
  }

  /** Follows a store; must come before the broker does, so that a commit is told before what it leads to. */
  follow(store: Store): void {
    store.subscribe((change) => this.#onChange(change))
    store.sessions.subscribe((change) => this.#onSession(change))
  }

  know(name: string, certificate: KnownCertificate): void {
    this.#fold.know(name, certificate)
  }

  /** Begins a history, at the time `now`. */
  begin(now: number): void {
    this.#now = 0
    this.#ended = 0
    this.#topicsTouched = 0
    this.#unsettled = []
    this.#unnamed = []
    this.#attempts.clear()
    this.#messages.clear()
    this.#history = { ...emptyHistory(this.#history.setting), clock: [{ at: 0, now }] }
    this.#history.certificates = this.#fold.beginSteps()
    this.#resurrections.begin()
  }

  /** The whole history, once nothing more happens. */
  finish(): History {
    for (const { fingerprint, end } of this.#unnamed) this.#tieUnnamed(fingerprint, end)
    const name = (fingerprint: string) => this.#fold.nameOf(fingerprint) ?? fingerprint
    this.#history.unwarned = this.#resurrections
      .unwarned()
      .map(({ fingerprint, at }) => ({ certificate: name(fingerprint), at }))
    const history = this.#history
    this.#history = emptyHistory(history.setting) // what follows is none of its business
    return history
  }

  attempt(attempt: Attempt): void {
    this.#attempts.set(attempt.name, attempt)
    this.#history.attempts.push(attempt)
  }

  message(message: Message): void {
    this.#messages.set(message.name, message)
    this.#history.messages.push(message)
    if (this.#topicsTouched > 0) this.#unsettled.push(message)
  }

  lastMessage(): Message {
    return this.#history.messages.at(-1)!
  }

  acked(name: string): void {
    this.#messages.get(name)!.acked ??= this.tick()
  }

  /** Somebody heard a message; one of an earlier history would be a surprise. */
  heard(name: string, by: string): void {
    const message = this.#messages.get(name)
    if (message) message.heard.push({ by, at: this.tick() })
    else this.#history.strays.push(`${by} heard ${name}, which nobody wrote`)
  }

  hasHeard(name: string, by: string): boolean {
    return this.#messages.get(name)?.heard.some((one) => one.by === by) ?? false
  }

  write(write: History['writes'][number]): void {
    this.#history.writes.push(write)
  }

  time(now: number): void {
    this.#history.clock.push({ at: this.tick(), now })
  }

  /** A question about topics, asked at `asked`, is answered: what waited for it can have been accepted from here on. */
  topicsAnswered(asked: Point): void {
    if (asked < this.#topicsTouched) return
    const answered = this.tick()
    for (const message of this.#unsettled) {
      if (message.written < answered) message.notBefore = Math.max(message.notBefore, answered)
    }
    this.#topicsTouched = 0
    this.#unsettled = []
  }

  /** A line of the log. */
  entry(entry: LogEntryInput): void {
    const { kind, cause, fingerprint, clientId, sessionId } = entry
    if (fingerprint === undefined) return
    const certificate = this.#fold.nameOf(fingerprint)
    if (certificate === undefined) return
    const at = this.tick()
    this.#resurrections.onEntry(entry, fingerprint, at)
    if (!ends.has(kind)) return
    const end: LoggedEnd = { at, kind: kind as LoggedEnd['kind'], cause, named: clientId !== undefined }
    this.#ended += 1
    const attempt = this.#attemptOf(certificate, clientId, sessionId)
    if (attempt) attempt.logged = end
    else if (clientId === undefined) this.#unnamed.push({ fingerprint, end })
    else this.#history.strays.push(`${clientId} of ${certificate} was ended at ${at}: ${kind} ${cause}`)
  }

  #attemptOf(certificate: string, clientId: string | undefined, sessionId?: string): Attempt | undefined {
    return this.#history.attempts.findLast(
      (attempt) =>
        attempt.logged === undefined &&
        attempt.certificate === certificate &&
        attempt.clientId === clientId &&
        (sessionId === undefined || attempt.session?.id === sessionId),
    )
  }

  /** An end without a client id is that of any attempt that was under way and has no end yet. */
  #tieUnnamed(fingerprint: string, end: LoggedEnd): void {
    const certificate = this.#fold.nameOf(fingerprint)!
    const attempt = this.#history.attempts
      .filter((one) => one.certificate === certificate && !one.logged && !one.session && one.call < end.at)
      .sort((one, other) => (one.end ?? Infinity) - (other.end ?? Infinity))
      .find((one) => end.at < (one.end ?? Infinity))
    if (attempt) attempt.logged = end
    else this.#history.strays.push(`a connection of ${certificate} was ended at ${end.at}: ${end.kind} ${end.cause}`)
  }

  #onChange(change: Change): void {
    const at = this.tick()
    if (change.collection === 'topics') this.#touchTopics(at)
    this.#fold.onChange(change, at, this.#history.certificates)
    this.#resurrections.onChange(change)
  }

  #touchTopics(at: Point): void {
    this.#topicsTouched = at
    this.#unsettled = []
  }

  #onSession({ before, after }: SessionChange): void {
    if (after && !before) {
      const certificate = this.#fold.nameOf(after.fingerprint!)
      const attempt = this.#history.attempts.findLast(
        (one) => one.certificate === certificate && one.clientId === after.clientId && !one.session,
      )
      const session = { id: after.id, caId: after.caId!, begun: this.tick(), ended: undefined }
      if (attempt) attempt.session = session
      else if (certificate) this.#history.strays.push(`${after.clientId} has a session, and nobody had connected`)
    }
    if (before && !after) {
      const attempt = this.#history.attempts.find(({ session }) => session?.id === before.id)
      if (attempt) attempt.session!.ended = this.tick()
    }
  }
}

function emptyHistory(setting: Setting): History {
  return {
    setting,
    certificates: {},
    writes: [],
    attempts: [],
    messages: [],
    clock: [],
    unwarned: [],
    strays: [],
  }
}
