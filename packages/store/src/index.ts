export * from './collections.ts'
export * from './memory-store.ts'
export * from './purge.ts'
export * from './store.ts'
