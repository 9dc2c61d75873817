import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Persistence, Position, Write } from './commit.ts'
import { GroupCommit, type WaitingCommit } from './group-commit.ts'
import { createHead, type PendingWrite } from './head.ts'
import { Listeners } from './listeners.ts'
import { createReader } from './reader.ts'
import { RunningTransaction } from './running-transaction.ts'
import { SerialQueue } from './serial-queue.ts'
import { MemorySessionFeed } from './sessions.ts'
import {
  StoreUnavailableError,
  type Change,
  type Reader,
  type SeedRecords,
  type Store,
  type Transaction,
  type Unsubscribe,
} from './store.ts'
import { collectionNames, createTables, type Tables } from './table.ts'

/** What a driver has found: the records, and where the store stood. */
export interface Recovered {
  tables: Tables
  position: Position
}

/** How many records are entered into new tables before other work gets its turn. */
const recordsPerTurn = 1000

/**
 * What every driver has in common: transactions run one at a time on the head, become durable in groups, land in
 * the committed tables and are published, in this order.
 */
export class Engine implements Store {
  readonly read: Reader
  readonly sessions = new MemorySessionFeed()
  #tables: Tables
  readonly #position: Position
  readonly #persistence: Persistence
  readonly #head
  readonly #commits: GroupCommit
  readonly #queue = new SerialQueue()
  readonly #changes = new Listeners<Change>()
  readonly #resets = new Listeners<void>()
  #lastOrder: number
  // made once: a transaction makes no function that it need not
  readonly #orders = { next: () => (this.#lastOrder += 1) }
  readonly #landWrites = (commit: WaitingCommit<PendingWrite>) => this.#land(commit.writes)
  /** Grows when pending commits are lost: a transaction that ran across it may have read them. */
  #losses = 0
  #closing: Promise<void> | undefined

  constructor(persistence: Persistence, { tables, position }: Recovered, lastOrder: number) {
    this.#persistence = persistence
    this.#tables = tables
    this.#position = position
    this.#lastOrder = lastOrder
    this.#head = createHead(tables)
    this.#commits = new GroupCommit(persistence, position, () => this.#lose())
    this.read = createReader((collection) => this.#tables[collection])
  }

  transact<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closing) reject(closed())
      else this.#queue.push(() => this.#run(work, resolve, reject))
    })
  }

  subscribe(listener: (change: Change) => void): Unsubscribe {
    return this.#changes.add(listener)
  }

  reset(records: SeedRecords): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing) reject(closed())
      else this.#queue.push(() => this.#reset(records, resolve, reject))
    })
  }

  onReset(listener: () => void): Unsubscribe {
    return this.#resets.add(listener)
  }

  isEmpty(): boolean {
    return this.#position.commit === 0
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve, reject) => {
      this.#queue.push(() =>
        this.#commits
          .idle()
          .then(() => this.#persistence.close())
          .then(resolve, reject),
      )
    })
    return this.#closing
  }

  async #run<T>(
    work: (tx: Transaction) => Promise<T> | T,
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    const transaction = new RunningTransaction(this.#head, this.#orders)
    const losses = this.#losses
    try {
      const result = await work(transaction.view)
      if (losses !== this.#losses) throw new StoreUnavailableError('a change read here could not be made durable')
      this.#push(transaction.finish(), () => resolve(result), reject)
    } catch (error) {
      transaction.rollback()
      reject(error)
    }
  }

  #push(writes: PendingWrite[], resolve: () => void, reject: (error: unknown) => void): void {
    this.#commits.push({ reset: false, writes, land: this.#landWrites, resolve, reject })
  }

  #land(writes: readonly PendingWrite[]): void {
    for (const write of writes) {
      this.#tables[write.collection].set(write.key, write.after, write.order)
      this.#head[write.collection].settle(write)
    }
    const first = this.#position.seq + 1
    this.#position.seq += writes.length
    this.#changes.tell(writes.map((write, at) => change(write, first + at)))
  }

  async #reset(records: SeedRecords, resolve: () => void, reject: (error: unknown) => void): Promise<void> {
    await this.#commits.idle()
    try {
      const { tables, writes } = await this.#build(records)
      this.#commits.push({ reset: true, writes, land: () => this.#landReset(tables), resolve, reject })
    } catch (error) {
      reject(error)
    }
    await this.#commits.idle()
  }

  #landReset(tables: Tables): void {
    this.#use(tables)
    this.#resets.tell([undefined])
  }

  /** New tables with these records, and the writes that make them; in slices, since there may be many. */
  async #build(records: SeedRecords): Promise<{ tables: Tables; writes: Write[] }> {
    const tables = createTables()
    const writes: Write[] = []
    for (const collection of collectionNames) {
      for (const after of records[collection] ?? []) {
        const key = tables[collection].definition.key(after)
        const order = (this.#lastOrder += 1)
        tables[collection].set(key, after, order)
        writes.push({ collection, key, before: undefined, after, order })
        if (writes.length % recordsPerTurn === 0) await nextTurn()
      }
    }
    return { tables, writes }
  }

  #use(tables: Tables): void {
    this.#tables = tables
    for (const collection of collectionNames) this.#head[collection].rebase(tables[collection])
  }

  #lose(): void {
    this.#losses += 1
    this.#use(this.#tables)
  }

  /** What is committed and durable now; for the snapshot of a driver. */
  get committed(): Recovered {
    return { tables: this.#tables, position: { ...this.#position } }
  }
}

function change(write: Write, seq: number): Change {
  const { collection, key, before, after, deletion } = write
  return { seq, collection, key, before, after, by: deletion?.by, withCa: deletion?.withCa } as Change // the collection tells the type of its records
}

function closed(): StoreUnavailableError {
  return new StoreUnavailableError('the store is closed')
}
