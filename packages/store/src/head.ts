import type { CollectionName } from './collections.ts'
import type { Write } from './commit.ts'
import { firstAtLeast, type Entry } from './ordered-entries.ts'
import type { Deletion, Page } from './store.ts'
import { collectionNames, type Table, type Tables } from './table.ts'

/** A write that is not committed yet, and what it stands on. */
export interface PendingWrite extends Write {
  after: object | undefined
  deletion: Deletion | undefined
  /** The transaction it belongs to. */
  readonly owner: object
  /** The pending write of an earlier transaction to the same key, while this one is pending. */
  previous: PendingWrite | undefined
  landed: boolean
}

/** A table as the next transaction sees it: what is committed, and over it what waits to become durable. */
export class HeadTable {
  #table: Table
  readonly #pending = new Map<string, PendingWrite>()

  constructor(table: Table) {
    this.#table = table
  }

  key(record: object): string {
    return this.#table.definition.key(record)
  }

  get(key: string): object | undefined {
    const pending = this.#pending.get(key)
    return pending ? pending.after : this.#table.entry(key)?.record
  }

  pending(key: string): PendingWrite | undefined {
    return this.#pending.get(key)
  }

  /** The order of a record that is there. */
  order(key: string): number | undefined {
    const pending = this.#pending.get(key)
    if (pending) return pending.after && pending.order
    return this.#table.entry(key)?.order
  }

  cover(write: PendingWrite): void {
    this.#pending.set(write.key, write)
  }

  /** Takes a write away again, with its transaction. */
  uncover(write: PendingWrite): void {
    if (this.#pending.get(write.key) !== write) return
    if (write.previous && !write.previous.landed) this.#pending.set(write.key, write.previous)
    else this.#pending.delete(write.key)
  }

  /** The write is in the table now. */
  settle(write: PendingWrite): void {
    write.landed = true
    write.previous = undefined // or a record that is always pending would keep all its past
    if (this.#pending.get(write.key) === write) this.#pending.delete(write.key)
  }

  /** Forgets all that is pending. */
  rebase(table: Table): void {
    this.#table = table
    this.#pending.clear()
  }

  count(group: string, name: string): number {
    const committed = this.#table.group(group, name)?.length ?? 0
    if (this.#pending.size === 0) return committed
    const { hidden, shown } = this.#difference(group, name)
    return committed - hidden.length + shown.length
  }

  page(group: string, name: string, offset: number, limit: number): Page<object> {
    if (this.#pending.size === 0) return this.#table.page(group, name, offset, limit)
    const { hidden, shown } = this.#difference(group, name)
    if (hidden.length + shown.length === 0) return this.#table.page(group, name, offset, limit)
    const total = (this.#table.group(group, name)?.length ?? 0) - hidden.length + shown.length
    return { total, records: this.#merged(group, name, offset, limit, hidden, shown) }
  }

  /** Which entries of a group the pending writes hide, and which they show instead or beside; both by order. */
  #difference(group: string, name: string): { hidden: Entry[]; shown: Entry[] } {
    const hidden: Entry[] = []
    const shown: Entry[] = []
    for (const { key, after, order } of this.#pending.values()) {
      const committed = this.#table.entry(key)
      if (committed && this.#table.nameOf(group, committed.record) === name) hidden.push(committed)
      if (after && this.#table.nameOf(group, after) === name) shown.push({ record: after, order })
    }
    return { hidden: hidden.sort(byOrder), shown: shown.sort(byOrder) }
  }

  /**
   * A page of committed and pending entries merged by order. It starts at a committed position that cannot be
   * behind the page, so that its cost is the page's and that of what is pending.
   */
  #merged(group: string, name: string, offset: number, limit: number, hidden: Entry[], shown: Entry[]): object[] {
    const committed = this.#table.group(group, name)
    const start = Math.max(0, offset - shown.length)
    const from = start === 0 ? -Infinity : (committed?.orderAt(start) ?? Infinity)
    const hiddenBefore = firstAtLeast(hidden, from)
    const shownBefore = firstAtLeast(shown, from)
    const skip = offset - (start - hiddenBefore + shownBefore)
    const visible = without(committed?.from(start) ?? [], hidden.slice(hiddenBefore))
    return take(merge(visible, shown.slice(shownBefore)), skip, limit)
  }
}

const byOrder = (one: Entry, other: Entry) => one.order - other.order

function* without(entries: Iterable<Entry>, hidden: Entry[]): Generator<Entry> {
  let at = 0
  for (const entry of entries) {
    if (hidden[at]?.order === entry.order) at += 1
    else yield entry
  }
}

function* merge(entries: Iterable<Entry>, others: Entry[]): Generator<Entry> {
  let at = 0
  for (const entry of entries) {
    while (at < others.length && others[at]!.order < entry.order) yield others[at++]!
    yield entry
  }
  yield* others.slice(at)
}

function take(entries: Iterable<Entry>, skip: number, limit: number): object[] {
  const records: object[] = []
  let at = 0
  if (limit <= 0) return records
  for (const entry of entries) {
    if (at++ >= skip) records.push(entry.record)
    if (records.length >= limit) break
  }
  return records
}

/** A head for each collection. */
export type Head = { readonly [C in CollectionName]: HeadTable }

/** The head over committed tables. */
export function createHead(tables: Tables): Head {
  return Object.fromEntries(collectionNames.map((name) => [name, new HeadTable(tables[name])])) as Head // one each
}
