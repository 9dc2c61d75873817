import type { Unsubscribe } from './store.ts'

/** Who is told of events, in the order in which they asked. */
export class Listeners<E> {
  #listeners: readonly ((event: E) => void)[] = []

  add(listener: (event: E) => void): Unsubscribe {
    const own = (event: E) => listener(event) // one that asks twice is told twice, and leaves once at a time
    this.#listeners = [...this.#listeners, own]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own)
    }
  }

  /** Tells everyone of each event, also after someone has thrown; what was thrown first is thrown at the end. */
  tell(events: readonly E[]): void {
    const thrown: unknown[] = []
    for (const event of events) {
      for (const listener of this.#listeners) {
        try {
          listener(event)
        } catch (error) {
          thrown.push(error)
        }
      }
    }
    if (thrown.length > 0) throw thrown[0]
  }
}
