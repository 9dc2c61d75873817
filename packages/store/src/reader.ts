import type { CollectionName } from './collections.ts'
import type { Page, Reader } from './store.ts'
import { collectionNames, type Table } from './table.ts'

/** Reads of what is committed. @param tableOf asked each time, since a reset replaces the tables */
export function createReader(tableOf: (collection: CollectionName) => Table): Reader {
  const view = (collection: CollectionName) => ({
    async get(key: string): Promise<object | undefined> {
      return tableOf(collection).entry(key)?.record
    },
    async list(group: string, name: string, offset: number, limit: number): Promise<Page<object>> {
      return tableOf(collection).page(group, name, offset, limit)
    },
    async count(group: string, name: string): Promise<number> {
      return tableOf(collection).group(group, name)?.length ?? 0
    },
  })
  return Object.fromEntries(collectionNames.map((name) => [name, view(name)])) as unknown as Reader // one each
}
