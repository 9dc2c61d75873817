import { deviceKey, withinInstance, type Session, type StatusChange } from '@apsaramq/model'
import { Listeners } from './listeners.ts'
import type { SessionChange, SessionFeed, Unsubscribe } from './store.ts'

type Group = 'byClient' | 'byDevice' | 'byCa'

/** The name of the group a session stands in, null where it stands in none. */
const nameOf: Record<Group, (session: Session) => string | null> = {
  byClient: (session) => withinInstance(session.instanceId, session.clientId),
  byDevice: ({ caId, deviceSn }) => (caId === null || deviceSn === null ? null : deviceKey(caId, deviceSn)),
  byCa: (session) => session.caId,
}

class SessionGroup {
  readonly #nameOf: (session: Session) => string | null
  readonly #byName = new Map<string, Map<string, Session>>()

  constructor(group: Group) {
    this.#nameOf = nameOf[group]
  }

  list(name: string): Session[] {
    return [...(this.#byName.get(name)?.values() ?? [])]
  }

  change(before: Session | undefined, after: Session | undefined): void {
    const left = before && this.#nameOf(before)
    const entered = after && this.#nameOf(after)
    if (before && left != null && left !== entered) this.#leave(left, before.id)
    if (after && entered != null) this.#enter(entered, after)
  }

  #enter(name: string, session: Session): void {
    const sessions = this.#byName.get(name)
    if (sessions) sessions.set(session.id, session)
    else this.#byName.set(name, new Map([[session.id, session]]))
  }

  #leave(name: string, id: string): void {
    const sessions = this.#byName.get(name)
    sessions?.delete(id)
    if (sessions?.size === 0) this.#byName.delete(name)
  }
}

/** The live sessions in memory: a Map keeps the order in which they came, so lists are oldest first. */
export class MemorySessionFeed implements SessionFeed {
  readonly #sessions = new Map<string, Session>()
  readonly #groups = {
    byClient: new SessionGroup('byClient'),
    byDevice: new SessionGroup('byDevice'),
    byCa: new SessionGroup('byCa'),
  }
  readonly #listeners = new Listeners<SessionChange>()

  put(session: Session): void {
    const before = this.#sessions.get(session.id)
    this.#sessions.set(session.id, session)
    this.#changed({ before, after: session, reason: undefined, by: undefined })
  }

  delete(id: string, reason?: string, by?: StatusChange): void {
    const before = this.#sessions.get(id)
    if (before === undefined) return
    this.#sessions.delete(id)
    this.#changed({ before, after: undefined, reason, by })
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  list(group: 'all' | Group, name = ''): Session[] {
    return group === 'all' ? [...this.#sessions.values()] : this.#groups[group].list(name)
  }

  count(): number {
    return this.#sessions.size
  }

  subscribe(listener: (change: SessionChange) => void): Unsubscribe {
    return this.#listeners.add(listener)
  }

  #changed(change: SessionChange): void {
    for (const group of Object.values(this.#groups)) group.change(change.before, change.after)
    this.#listeners.tell([change])
  }
}
