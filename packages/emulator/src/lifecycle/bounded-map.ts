/** A map that forgets what was used least lately when there is too much. */
export class BoundedMap<V> {
  readonly #capacity: number
  readonly #entries = new Map<string, V>()
  #forgotten = 0
  /** Stands before the oldest: an iterator made anew would step over all that has gone since the map was last tidied. */
  #oldest = this.#entries.keys()
  /** Uses since it was made. */
  #moves = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many were forgotten. */
  get forgotten(): number {
    return this.#forgotten
  }

  get size(): number {
    return this.#entries.size
  }

  /** Counts as a use. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.#move(key, value)
    return value
  }

  /** Does not count as a use. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.#move(key, value)
    if (this.#entries.size <= this.#capacity) return
    this.#entries.delete(this.#oldestKey())
    this.#forgotten += 1
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
    this.#standBeforeAll()
    this.#forgotten = 0
  }

  values(): Iterable<V> {
    return this.#entries.values()
  }

  /** Whatever stood before it has been deleted, or has moved to the end. */
  #oldestKey(): string {
    const next = this.#oldest.next()
    if (!next.done) return next.value
    this.#standBeforeAll()
    return this.#oldest.next().value!
  }

  #move(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#moves += 1
    if (this.#moves > this.#entries.size) this.#standBeforeAll()
  }

  /** To be done now and then: an iterator that stands still holds every table the map has had since it was made. */
  #standBeforeAll(): void {
    this.#oldest = this.#entries.keys()
    this.#moves = 0
  }
}
