import { isSameEvent, type LifecycleEvent } from './lifecycle-event.ts'

/** Events of a kind that a timeline keeps. */
const capacity = 24

/** The latest events of a kind; the same again and again is one. */
class Events {
  readonly #kept: LifecycleEvent[] = []
  lost = 0

  add(event: LifecycleEvent): void {
    const last = this.#kept.at(-1)
    if (last && isSameEvent(last, event)) {
      Object.assign(last, { ...event, n: last.n, at: last.at, count: last.count + event.count })
      return
    }
    this.#kept.push(event)
    if (this.#kept.length <= capacity) return
    this.lost += this.#kept.shift()!.count
  }

  get list(): readonly LifecycleEvent[] {
    return this.#kept
  }
}

/** Whose timeline it is. */
export interface TimelineSubject {
  kind: 'device' | 'ca'
  sn: string
  /** Of a CA its own. */
  caSn: string | undefined
  instanceId: string | undefined
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string
}

/**
 * What happened to a certificate. Changes of its status and its sessions are kept apart, so that a device that comes and
 * goes, or is refused for days, does not push out who inactivated it.
 */
export class Timeline {
  subject: TimelineSubject
  /** The registration it has now, by the id of its CA; undefined where it has none. */
  registration: string | undefined
  /** What was last known of it; undefined before it was registered. */
  status: 'active' | 'inactive' | 'deleted' | undefined
  /** The status it had before it was deleted. */
  statusAtEnd: 'active' | 'inactive' | undefined
  /** Set between an activation and the next connection. */
  activatedAt: number | undefined
  readonly #statuses = new Events()
  readonly #sessions = new Events()

  constructor(subject: TimelineSubject) {
    this.subject = subject
  }

  addStatus(event: LifecycleEvent): void {
    this.#statuses.add(event)
  }

  addSession(event: LifecycleEvent): void {
    this.#sessions.add(event)
  }

  /** All that is kept, in the order in which it happened. */
  events(): LifecycleEvent[] {
    return [...this.#statuses.list, ...this.#sessions.list].sort((one, other) => one.n - other.n)
  }

  /** How many more there were. */
  get lost(): number {
    return this.#statuses.lost + this.#sessions.lost
  }
}
