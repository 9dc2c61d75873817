import { collections, type CollectionDefinition, type CollectionName } from './collections.ts'
import { OrderedEntries, type Entry } from './ordered-entries.ts'
import type { Page } from './store.ts'
import { TableSnapshot } from './table-snapshot.ts'

interface GroupIndex {
  nameOf(record: object): string
  byName: Map<string, OrderedEntries>
}

/** The records of one collection in memory, found by key and by group. */
export class Table {
  readonly definition: CollectionDefinition<object>
  readonly #entries = new Map<string, Entry>()
  readonly #groups = new Map<string, GroupIndex>()
  #lastOrder = 0
  #snapshot: TableSnapshot | undefined

  constructor(definition: CollectionDefinition<object>) {
    this.definition = definition
    for (const [group, nameOf] of Object.entries(definition.groups))
      this.#groups.set(group, { nameOf, byName: new Map() })
  }

  entry(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** The entries of a group, or undefined where it has none. */
  group(group: string, name: string): OrderedEntries | undefined {
    return this.#groups.get(group)?.byName.get(name)
  }

  /** The name of the group a record stands in. */
  nameOf(group: string, record: object): string | undefined {
    return this.#groups.get(group)?.nameOf(record)
  }

  page(group: string, name: string, offset: number, limit: number): Page<object> {
    const entries = this.group(group, name)
    return { total: entries?.length ?? 0, records: entries?.page(offset, limit) ?? [] }
  }

  /** Puts a record where it is, or deletes it where `record` is undefined. `order` counts only for one that comes. */
  set(key: string, record: object | undefined, order: number): void {
    const entry = this.#entries.get(key)
    if (record === undefined) this.#remove(key, entry)
    else if (entry === undefined) this.#add(key, { record, order })
    else this.#replace(entry, record)
  }

  /** Every record as it is now. There is one snapshot at a time; it is kept up until it is released. */
  snapshot(): TableSnapshot {
    this.#snapshot = new TableSnapshot(this.#entries, this.#lastOrder)
    return this.#snapshot
  }

  releaseSnapshot(): void {
    this.#snapshot = undefined
  }

  #add(key: string, entry: Entry): void {
    this.#lastOrder = entry.order
    this.#entries.set(key, entry)
    for (const index of this.#groups.values()) enter(index, index.nameOf(entry.record), entry)
  }

  #remove(key: string, entry: Entry | undefined): void {
    if (entry === undefined) return
    this.#snapshot?.keep(entry)
    this.#entries.delete(key)
    for (const index of this.#groups.values()) leave(index, index.nameOf(entry.record), entry)
  }

  #replace(entry: Entry, record: object): void {
    for (const index of this.#groups.values()) {
      const before = index.nameOf(entry.record)
      const after = index.nameOf(record)
      if (before === after) continue
      leave(index, before, entry)
      enter(index, after, entry)
    }
    this.#snapshot?.keep(entry)
    entry.record = record
  }
}

function enter(index: GroupIndex, name: string, entry: Entry): void {
  let entries = index.byName.get(name)
  if (entries === undefined) index.byName.set(name, (entries = new OrderedEntries()))
  entries.add(entry)
}

function leave(index: GroupIndex, name: string, entry: Entry): void {
  const entries = index.byName.get(name)
  entries?.remove(entry.order)
  if (entries?.length === 0) index.byName.delete(name)
}

/** A table for each collection. */
export type Tables = { readonly [C in CollectionName]: Table }

/** The names of the collections. */
export const collectionNames = Object.keys(collections) as CollectionName[] // keys of a literal

/** Empty tables. */
export function createTables(): Tables {
  return Object.fromEntries(collectionNames.map((name) => [name, createTable(name)])) as Tables // one each
}

function createTable(name: CollectionName): Table {
  return new Table(collections[name] as unknown as CollectionDefinition<object>) // a table takes only its own records
}
