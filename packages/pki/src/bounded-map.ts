/** A map that forgets the entry unused for longest when it would hold more than `capacity`. */
export interface BoundedMap<V> {
  /** The value of `key`, made by `make` where it is not held. */
  getOrMake(key: string, make: () => V): V
}

/** @param capacity entries held at most, 1 or more */
export function createBoundedMap<V>(capacity: number): BoundedMap<V> {
  const values = new Map<string, { value: V }>() // a Map keeps the order in which keys came
  const keep = (key: string, entry: { value: V }) => {
    values.delete(key)
    values.set(key, entry)
    if (values.size > capacity) values.delete(values.keys().next().value!)
    return entry.value
  }
  return { getOrMake: (key, make) => keep(key, values.get(key) ?? { value: make() }) }
}
