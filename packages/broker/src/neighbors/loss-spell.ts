import type { Clock } from '@apsaramq/model'

/** What a spell needs. */
export interface LossSpellDeps {
  clock: Clock
  /** QoS 0 messages are dropped from now on: too much is unread. */
  onLossBegins(): void
  /** The client reads again, or has left. */
  onLossEnds(count: number): void
}

/** A while in which a client loses messages: told of when it begins and when it ends, not a message at a time. */
export class LossSpell {
  readonly #deps: LossSpellDeps
  #count = 0
  #beganAt = 0

  constructor(deps: LossSpellDeps) {
    this.#deps = deps
  }

  /** One more is lost. */
  count(): void {
    this.#count += 1
    if (this.#count > 1) return
    this.#beganAt = this.#deps.clock.monotonic()
    this.#deps.onLossBegins()
  }

  /** The client has caught up; a spell lasts a second at least, so that one who often does fills no log. */
  mayEnd(): void {
    if (this.#count > 0 && this.#deps.clock.monotonic() - this.#beganAt >= 1000) this.end()
  }

  end(): void {
    if (this.#count > 0) this.#deps.onLossEnds(this.#count)
    this.#count = 0
  }
}
