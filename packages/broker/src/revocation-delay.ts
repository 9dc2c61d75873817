import type { Cause, Clock, Random } from '@apsaramq/model'
import { Deadlines } from './deadlines.ts'
import type { DelayPolicy } from './settings.ts'
import type { Refusal } from './verdict.ts'

/** A session whose end has been decided and is still to come. */
export interface DelayedEnding {
  sessionId: string
  /** What decided it. */
  first: Refusal
}

/**
 * Ends that are still to come. For each of the causes that may come together a session has a moment of its own,
 * which a repetition does not put off.
 */
export class DelayedEndings {
  readonly #clock: Clock
  readonly #random: Random
  readonly #deadlines: Deadlines
  readonly #bySession = new Map<string, Map<Cause, Refusal>>()

  /** @param onDue must not throw */
  constructor({ clock, random }: { clock: Clock; random: Random }, onDue: (due: DelayedEnding[]) => void) {
    this.#clock = clock
    this.#random = random
    this.#deadlines = new Deadlines(clock, 'monotonic', (keys) => onDue(keys.flatMap((key) => this.#take(key))))
  }

  add(sessionId: string, first: Refusal, { delayMs, jitterMs = 0 }: DelayPolicy): void {
    const causes = this.#bySession.get(sessionId) ?? new Map<Cause, Refusal>()
    if (causes.has(first.cause)) return
    this.#bySession.set(sessionId, causes.set(first.cause, first))
    const at = this.#clock.monotonic() + delayMs + upTo(jitterMs, this.#random)
    this.#deadlines.set(keyOf(sessionId, first.cause), at)
  }

  /** What was decided for this cause is not so any more. */
  cancel(sessionId: string, cause: Cause): void {
    this.#deadlines.delete(keyOf(sessionId, cause))
    this.#remove(sessionId, cause)
  }

  /** The session has ended by other means. */
  forget(sessionId: string): void {
    for (const cause of this.#bySession.get(sessionId)?.keys() ?? []) this.cancel(sessionId, cause)
  }

  clear(): void {
    this.#deadlines.clear()
    this.#bySession.clear()
  }

  #take(key: string): DelayedEnding[] {
    const [cause, sessionId] = key.split(' ', 2) as [Cause, string] // as keyOf has put it together
    const first = this.#remove(sessionId, cause)
    return first ? [{ sessionId, first }] : []
  }

  #remove(sessionId: string, cause: Cause): Refusal | undefined {
    const causes = this.#bySession.get(sessionId)
    const first = causes?.get(cause)
    causes?.delete(cause)
    if (causes?.size === 0) this.#bySession.delete(sessionId)
    return first
  }
}

function keyOf(sessionId: string, cause: Cause): string {
  return `${cause} ${sessionId}`
}

/** A whole number from 0 to `max`, each as likely as the others but for one in 2^32. */
function upTo(max: number, random: Random): number {
  const { buffer, byteOffset } = random.bytes(4)
  return Math.floor((new DataView(buffer, byteOffset).getUint32(0) / 2 ** 32) * (max + 1))
}
