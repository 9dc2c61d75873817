import { withinInstance } from '@apsaramq/model'
import type { Store, Unsubscribe } from '@apsaramq/store'

/** Which parent topics exist, answered at once for those that have been asked for before. */
export interface ExistingTopics {
  has(instanceId: string, name: string): boolean | Promise<boolean>
  stop: Unsubscribe
}

/** Remembers the topics that exist, as long as nothing says that they have gone; what does not exist is asked each time. */
export function createExistingTopics(store: Store): ExistingTopics {
  const known = new Set<string>()
  const asked = new Map<string, Promise<boolean>>()
  /** Grows when something may have gone: an answer that was on its way by then is not remembered. */
  let forgotten = 0
  function forget(): void {
    forgotten += 1
    known.clear()
    asked.clear()
  }
  async function ask(key: string): Promise<boolean> {
    const askedAt = forgotten
    try {
      const exists = (await store.read.topics.get(key)) !== undefined
      if (exists && askedAt === forgotten) known.add(key)
      return exists
    } finally {
      if (askedAt === forgotten) asked.delete(key)
    }
  }
  const unsubscribe = store.subscribe((change) => {
    if (change.collection === 'topics') forget()
  })
  const stopReset = store.onReset(forget)
  return {
    has(instanceId, name) {
      const key = withinInstance(instanceId, name)
      if (known.has(key)) return true
      // one question for all who ask meanwhile: their answers come in the order of their asking
      const pending = asked.get(key) ?? ask(key)
      asked.set(key, pending)
      return pending
    },
    stop() {
      unsubscribe()
      stopReset()
    },
  }
}
