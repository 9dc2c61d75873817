export * from './collections.ts'
export * from './store.ts'
