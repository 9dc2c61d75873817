import type { Commit, Persistence, Position, Write } from './commit.ts'
import { StoreUnavailableError } from './store.ts'

/** A commit that waits for its turn; without writes it only waits for those before it. */
export interface WaitingCommit<W extends Write = Write> {
  readonly reset: boolean
  readonly writes: readonly W[]
  /** Called when it is durable: makes it visible and publishes it. */
  land(commit: WaitingCommit<W>): void
  resolve(): void
  reject(error: unknown): void
}

/**
 * Makes commits durable in groups: while one group is on its way the next gathers, and all land in order.
 * When a group fails, everything behind it fails too, since it may have read what is lost.
 */
export class GroupCommit {
  readonly #persistence: Persistence
  readonly #position: Position
  readonly #onLoss: () => void
  #waiting: WaitingCommit[] = []
  #flushing: Promise<void> | undefined
  /** True after a loss, until the driver has said again that nothing of it is left. */
  #inDoubt = false

  /**
   * @param position where the store stands; kept up to date
   * @param onLoss called before the lost commits are rejected
   */
  constructor(persistence: Persistence, position: Position, onLoss: () => void) {
    this.#persistence = persistence
    this.#position = position
    this.#onLoss = onLoss
  }

  push(commit: WaitingCommit): void {
    if (commit.writes.length === 0 && !commit.reset && !this.#flushing && !this.#inDoubt) return commit.resolve()
    this.#waiting.push(commit)
    this.#flushing ??= this.#flush()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing
  }

  async #flush(): Promise<void> {
    await Promise.resolve() // callers of the same moment share a group
    while (this.#waiting.length > 0) {
      await this.#persistence.gather?.()
      const group = this.#waiting
      this.#waiting = []
      await this.#carry(group)
    }
    this.#flushing = undefined
  }

  async #carry(group: WaitingCommit[]): Promise<void> {
    const commits = this.#number(group)
    try {
      const writing = commits.filter((commit) => commit.reset || commit.writes.length > 0)
      if (writing.length > 0 || this.#inDoubt) await this.#persistence.persist(writing)
      this.#inDoubt = false
    } catch (error) {
      return this.#lose(group, error)
    }
    for (const [at, waiting] of group.entries()) this.#land(waiting, commits[at]!)
  }

  /** Numbers are taken only when a commit is carried, so that one that is lost leaves no gap. */
  #number(group: readonly WaitingCommit[]): Commit[] {
    let number = this.#position.commit
    return group.map(({ reset, writes }) => {
      if (reset || writes.length > 0) number += 1
      return { number, reset, writes }
    })
  }

  #land(waiting: WaitingCommit, commit: Commit): void {
    this.#position.commit = commit.number
    try {
      waiting.land(waiting)
      waiting.resolve()
    } catch (error) {
      waiting.reject(error) // a listener has thrown: the commit stands, but its effects may not be complete
    }
  }

  #lose(group: readonly WaitingCommit[], cause: unknown): void {
    const lost = [...group, ...this.#waiting]
    this.#waiting = []
    this.#inDoubt = true
    this.#onLoss()
    const reason = cause instanceof Error ? cause.message : String(cause)
    for (const { reject } of lost) {
      reject(new StoreUnavailableError(`the change could not be made durable: ${reason}`, { cause }))
    }
  }
}
