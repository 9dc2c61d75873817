import { Engine } from './engine.ts'
import type { Store } from './store.ts'
import { createTables } from './table.ts'

/** A store that lives as long as the process: what it commits is durable at once. */
export function createMemoryStore(): Store {
  const persistence = { persist() {}, async close() {} }
  return new Engine(persistence, { tables: createTables(), position: { commit: 0, seq: 0 } }, 0)
}
