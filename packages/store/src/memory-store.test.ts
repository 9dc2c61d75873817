import { describeStore } from './conformance/index.ts'
import { createMemoryStore } from './memory-store.ts'

describeStore('memory', async () => ({ store: createMemoryStore() }))
