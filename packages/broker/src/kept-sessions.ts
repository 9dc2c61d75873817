/** Persistent sessions of an instance whose clients are away, each counted with its filters. LIMITS A-85 */
export const maxKept = 300_000

/** Bounds the sessions whose clients are away: the one that has been left before all others is forgotten first. */
export class KeptSessions {
  readonly #maximum: number
  readonly #forget: (clientId: string) => void
  readonly #weights = new Map<string, number>()
  #total = 0

  /** @param forget forgets a session, which is one too many */
  constructor(maximum: number, forget: (clientId: string) => void) {
    this.#maximum = maximum
    this.#forget = forget
  }

  /** A client has left its session behind. */
  left(clientId: string, filters: number): void {
    this.drop(clientId)
    this.#weights.set(clientId, 1 + filters)
    this.#total += 1 + filters
    while (this.#total > this.#maximum) {
      const first = this.#weights.keys().next().value! // there is one
      this.drop(first)
      this.#forget(first)
    }
  }

  has(clientId: string): boolean {
    return this.#weights.has(clientId)
  }

  /** A client has come back, or its session is gone. */
  drop(clientId: string): void {
    this.#total -= this.#weights.get(clientId) ?? 0
    this.#weights.delete(clientId)
  }
}
