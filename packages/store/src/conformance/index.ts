import { describe } from 'vitest'
import { describeCollections } from './collections.ts'
import { describeDurability } from './durability.ts'
import { describeFeed } from './feed.ts'
import { describeSessions } from './sessions.ts'
import { describeTransactions } from './transactions.ts'
import type { OpenedStore } from './opened-store.ts'

export type { OpenedStore } from './opened-store.ts'

/**
 * What every store driver does, for vitest. A driver passes it or is none.
 *
 * @param open opens an empty store of its own for each test
 * @example describeStore('memory', async () => ({ store: createMemoryStore() }))
 */
export function describeStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} store`, () => {
    describeTransactions(open)
    describeCollections(open)
    describeFeed(open)
    describeSessions(open)
    describeDurability(open)
  })
}
