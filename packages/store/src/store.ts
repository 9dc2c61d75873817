import type { Session, StatusChange } from '@apsaramq/model'
import type { CollectionName, GroupOf, RecordOf } from './collections.ts'

/** A page of a group, in the order in which its records first came. */
export interface Page<R> {
  /** How many records the group has in all. */
  total: number
  records: R[]
}

/** Reads of one collection. Records are immutable: change a copy and `put` it. */
export interface CollectionReader<C extends CollectionName> {
  get(key: string): Promise<RecordOf<C> | undefined>
  /** Costs its page, not the collection. @param offset records to skip @param limit records to return at most */
  list(group: GroupOf<C>, name: string, offset: number, limit: number): Promise<Page<RecordOf<C>>>
  count(group: GroupOf<C>, name: string): Promise<number>
}

/** How a record is deleted: for whoever follows the changes, and not kept. */
export interface Deletion {
  /** The call that deletes it. */
  by?: StatusChange | undefined
  /** Set where a device certificate goes in the background, since its CA was deleted: there may be a million of them. */
  withCa?: true
}

/** Reads and writes of one collection inside a transaction. */
export interface CollectionWriter<C extends CollectionName> extends CollectionReader<C> {
  put(record: RecordOf<C>): void
  delete(key: string, deletion?: Deletion): void
}

/** What is durable and committed, and nothing else. */
export type Reader = { readonly [C in CollectionName]: CollectionReader<C> }

/** Sees every transaction that ran before it, and its own writes. */
export type Transaction = { readonly [C in CollectionName]: CollectionWriter<C> }

/** One record that a commit changed; `before` or `after` is undefined where it came or went. */
export type Change = {
  [C in CollectionName]: {
    /** Grows by one a change, without a gap, across restarts. */
    seq: number
    collection: C
    key: string
    before: RecordOf<C> | undefined
    after: RecordOf<C> | undefined
    /** The call that deleted it, where that was said; told once and not kept. */
    by: StatusChange | undefined
    /** Set where it was deleted in the background, since its CA had been. */
    withCa: true | undefined
  }
}[CollectionName]

/** A change of the live sessions. */
export interface SessionChange {
  before: Session | undefined
  after: Session | undefined
  /** Why a session was deleted by someone other than its broker; undefined otherwise. */
  reason: string | undefined
  /** The call that asked for the deletion, where it was one. */
  by: StatusChange | undefined
}

/** Ends a subscription. */
export type Unsubscribe = () => void

/** The live sessions: synchronous, in memory, never on disk. Keyed by session id. */
export interface SessionFeed {
  put(session: Session): void
  /**
   * @param reason why, where it is not the broker itself that says it has ended
   * @param by the call that asks for it, where it is one
   */
  delete(id: string, reason?: string, by?: StatusChange): void
  get(id: string): Session | undefined
  /** The sessions of a group, oldest first. */
  list(group: 'all' | 'byClient' | 'byDevice' | 'byCa', name?: string): Session[]
  count(): number
  subscribe(listener: (change: SessionChange) => void): Unsubscribe
}

/** The place where control plane and broker meet. */
export interface Store {
  readonly read: Reader
  readonly sessions: SessionFeed
  /**
   * Runs `work` alone, in the order of the calls, and resolves with its result once its writes are durable and
   * every subscriber has run. A throw in `work` leaves nothing behind and rejects with what was thrown.
   *
   * `work` may only read and write the transaction: it holds up every other one.
   *
   * @throws {StoreUnavailableError} when the writes could not be made durable; nothing of them is kept
   */
  transact<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T>
  /** Calls `listener` for each committed change, in order, before the transaction resolves. It must not throw or wait. */
  subscribe(listener: (change: Change) => void): Unsubscribe
  /** Replaces everything durable by `records` in one commit. Subscribers are told by `onReset`, not change by change. */
  reset(records: SeedRecords): Promise<void>
  /** Calls `listener` after each {@link Store.reset}, before it resolves. */
  onReset(listener: () => void): Unsubscribe
  /** Whether nothing durable has ever been written. */
  isEmpty(): boolean
  /** Waits for what is under way, makes it durable and lets go of the directory. */
  close(): Promise<void>
}

/** Records by collection, as a seed brings them. */
export type SeedRecords = { readonly [C in CollectionName]?: readonly RecordOf<C>[] }

/** The disk, or what stands for it, did not take the change. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}

/** The data directory cannot be used: it belongs to another process, to a newer version, or cannot be read. The message is for a user. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}
