/** Sets by key: finding one costs its key, not the number of all. */
export interface KeyedSets<T> {
  add(key: string, item: T): void
  delete(key: string, item: T): void
  /** A copy: safe to walk while items come and go. */
  get(key: string): T[]
}

/** Empty sets. A key whose set has become empty is forgotten. */
export function createKeyedSets<T>(): KeyedSets<T> {
  const sets = new Map<string, Set<T>>()
  return {
    add(key, item) {
      const set = sets.get(key)
      if (set) set.add(item)
      else sets.set(key, new Set([item]))
    },
    delete(key, item) {
      const set = sets.get(key)
      if (set?.delete(item) && set.size === 0) sets.delete(key)
    },
    get: (key) => [...(sets.get(key) ?? [])],
  }
}
