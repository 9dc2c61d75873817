import { withinInstance } from '@apsaramq/model'
import type { Store, Unsubscribe } from '@apsaramq/store'
import { createKeyedSets } from './keyed-sets.ts'

/** Which parent topics exist, answered at once for those that have been asked for before. */
export interface ExistingTopics {
  has(instanceId: string, name: string): boolean | Promise<boolean>
  stop: Unsubscribe
}

/** Remembers the topics that exist, as long as nothing says that they have gone; what does not exist is asked each time. */
export function createExistingTopics(store: Store): ExistingTopics {
  /** Names by instance: a key put together from both would cost every message more. */
  const known = createKeyedSets<string>()
  const asked = new Map<string, Promise<boolean>>()
  /** Grows when something may have gone: an answer that was on its way by then is not remembered. */
  let forgotten = 0
  function forget(): void {
    forgotten += 1
    known.clear()
    asked.clear()
  }
  async function ask(instanceId: string, name: string, key: string): Promise<boolean> {
    const askedAt = forgotten
    try {
      const exists = (await store.read.topics.get(key)) !== undefined
      if (exists && askedAt === forgotten) known.add(instanceId, name)
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
      if (known.has(instanceId, name)) return true
      const key = withinInstance(instanceId, name)
      // one question for all who ask meanwhile: their answers come in the order of their asking
      const pending = asked.get(key) ?? ask(instanceId, name, key)
      asked.set(key, pending)
      return pending
    },
    stop() {
      unsubscribe()
      stopReset()
    },
  }
}
