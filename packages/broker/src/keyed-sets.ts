/** Sets by key: finding one costs its key, not the number of all. */
export interface KeyedSets<T> {
  add(key: string, item: T): void
  delete(key: string, item: T): void
  has(key: string, item: T): boolean
  clear(): void
  /** A copy: safe to walk while items come and go. */
  get(key: string): T[]
}

/** Empty sets. A key whose set has become empty is forgotten. */
export function createKeyedSets<T>(): KeyedSets<T> {
  // most keys have one item: a Set for each would be a quarter of a kilobyte
  const sets = new Map<string, { only: T } | Set<T>>()
  const get = (key: string): T[] => {
    const found = sets.get(key)
    if (!found) return []
    return found instanceof Set ? [...found] : [found.only]
  }
  return {
    get,
    add(key, item) {
      const found = sets.get(key)
      if (found instanceof Set) found.add(item)
      else sets.set(key, found ? new Set([found.only, item]) : { only: item })
    },
    delete(key, item) {
      const found = sets.get(key)
      if (found instanceof Set ? found.delete(item) && found.size === 0 : found?.only === item) sets.delete(key)
    },
    has(key, item) {
      const found = sets.get(key)
      return found instanceof Set ? found.has(item) : found?.only === item
    },
    clear: () => sets.clear(),
  }
}
