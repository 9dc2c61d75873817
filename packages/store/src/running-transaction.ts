import type { CollectionName } from './collections.ts'
import type { Head, HeadTable, PendingWrite } from './head.ts'
import type { Deletion, Page, Transaction } from './store.ts'
import { collectionNames } from './table.ts'

/** Gives every record that comes a place after all before it. */
export interface OrderSource {
  next(): number
}

/** A transaction while it runs: its writes lie on the head at once, and are taken back if it fails. */
export class RunningTransaction {
  readonly view = new TransactionView(this) as unknown as Transaction // the views are defined by name below
  readonly #head: Head
  readonly #orders: OrderSource
  readonly #writes: PendingWrite[] = []
  #ended = false

  constructor(head: Head, orders: OrderSource) {
    this.#head = head
    this.#orders = orders
  }

  table(collection: CollectionName): HeadTable {
    if (this.#ended) throw new Error('the transaction has ended: await all that it does before it returns')
    return this.#head[collection]
  }

  put(collection: CollectionName, record: object): void {
    const table = this.table(collection)
    const key = table.key(record)
    const own = this.#own(table, key)
    if (own) Object.assign(own, { after: record, deletion: undefined })
    else if (table.get(key) !== record) this.#cover(collection, key, record, table.order(key) ?? this.#orders.next())
  }

  delete(collection: CollectionName, key: string, deletion: Deletion | undefined): void {
    const table = this.table(collection)
    const own = this.#own(table, key)
    const order = table.order(key)
    if (own) Object.assign(own, { after: undefined, deletion })
    else if (order !== undefined) this.#cover(collection, key, undefined, order, deletion)
  }

  /** Ends it and returns what it changed; a write that left its record as it was is none. */
  finish(): PendingWrite[] {
    this.#ended = true
    const idle = this.#writes.filter((write) => write.before === write.after)
    if (idle.length === 0) return this.#writes
    for (const write of idle) this.#head[write.collection].uncover(write)
    return this.#writes.filter((write) => write.before !== write.after)
  }

  /** Ends it and leaves nothing of it behind. */
  rollback(): void {
    this.#ended = true
    for (const write of this.#writes) this.#head[write.collection].uncover(write)
  }

  #own(table: HeadTable, key: string): PendingWrite | undefined {
    const pending = table.pending(key)
    return pending?.owner === this ? pending : undefined
  }

  #cover(collection: CollectionName, key: string, after: object | undefined, order: number, deletion?: Deletion): void {
    const table = this.#head[collection]
    const previous = table.pending(key)
    const write = {
      collection,
      key,
      before: table.get(key),
      after,
      deletion,
      order,
      owner: this,
      previous,
      landed: false,
    }
    this.#writes.push(write)
    table.cover(write)
  }
}

/** What `work` sees of one collection. */
class WriterView {
  readonly #transaction: RunningTransaction
  readonly #collection: CollectionName

  constructor(transaction: RunningTransaction, collection: CollectionName) {
    this.#transaction = transaction
    this.#collection = collection
  }

  async get(key: string): Promise<object | undefined> {
    return this.#transaction.table(this.#collection).get(key)
  }

  async list(group: string, name: string, offset: number, limit: number): Promise<Page<object>> {
    return this.#transaction.table(this.#collection).page(group, name, offset, limit)
  }

  async count(group: string, name: string): Promise<number> {
    return this.#transaction.table(this.#collection).count(group, name)
  }

  put(record: object): void {
    this.#transaction.put(this.#collection, record)
  }

  delete(key: string, deletion?: Deletion): void {
    this.#transaction.delete(this.#collection, key, deletion)
  }
}

/** What `work` sees: a collection's view is made when it is asked for, since most transactions touch one. */
class TransactionView {
  readonly transaction: RunningTransaction

  constructor(transaction: RunningTransaction) {
    this.transaction = transaction
  }
}

for (const name of collectionNames) {
  Object.defineProperty(TransactionView.prototype, name, {
    get(this: TransactionView) {
      return new WriterView(this.transaction, name)
    },
  })
}
