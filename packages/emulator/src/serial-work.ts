/** Runs pieces of work one after another, whoever asks for them; a failure is its caller's and stops nobody else. */
export class SerialWork {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined) // the caller has it
    return done
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#last
  }
}
