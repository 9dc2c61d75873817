import type { CollectionName, Reader, Store } from '@apsaramq/store'

/** A store that answers when the test says so. */
export interface Hold {
  store: Store
  /** Holds the answer of the next read of a record; resolves when that read has been made. */
  next(): Promise<void>
  /** Lets the held answer, which was true when it was asked for, through. */
  release(): void
}

/** Stands in front of a store and can hold the reads of one collection. */
export function holdReads(store: Store, collection: CollectionName): Hold {
  let onRead: (() => void) | undefined
  let gate: Promise<void> = Promise.resolve()
  let release: (() => void) | undefined
  const reader = store.read[collection]
  async function get(key: string): Promise<unknown> {
    const passing = onRead ? gate : Promise.resolve()
    const answer = await reader.get(key)
    onRead?.()
    onRead = undefined
    await passing
    return answer
  }
  const held = { get, list: reader.list.bind(reader), count: reader.count.bind(reader) }
  return {
    store: withReads(store, { ...store.read, [collection]: held } as Reader), // the answer is the reader's own
    next() {
      gate = new Promise((resolve) => {
        release = resolve
      })
      return new Promise((resolve) => {
        onRead = resolve
      })
    },
    release: () => release?.(),
  }
}

/** The store itself, but for its reads. */
export function withReads(store: Store, read: Reader): Store {
  return {
    read,
    sessions: store.sessions,
    transact: store.transact.bind(store),
    subscribe: store.subscribe.bind(store),
    reset: store.reset.bind(store),
    onReset: store.onReset.bind(store),
    isEmpty: store.isEmpty.bind(store),
    close: store.close.bind(store),
  }
}
