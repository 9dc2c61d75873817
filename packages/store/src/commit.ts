import type { CollectionName } from './collections.ts'
import type { Deletion } from './store.ts'

/** One record that a commit changed; several changes of it in one transaction are one write. */
export interface Write {
  readonly collection: CollectionName
  readonly key: string
  readonly before: object | undefined
  readonly after: object | undefined
  /** The place of the record among those of its groups. */
  readonly order: number
  /** How the record was deleted; never made durable. */
  readonly deletion?: Deletion | undefined
}

/** What a transaction or a reset leaves behind. Commits are numbered without a gap, across restarts. */
export interface Commit {
  readonly number: number
  /** True where nothing of what was there before stays. */
  readonly reset: boolean
  readonly writes: readonly Write[]
}

/** Where a store stood at some moment. */
export interface Position {
  /** The number of the last commit, 0 before the first. */
  commit: number
  /** The sequence number of the last change, 0 before the first. */
  seq: number
}

/** What a driver adds to the engine: making commits durable. */
export interface Persistence {
  /** Called before a group is taken: resolves when enough commits may have come together. At once where it is left out. */
  gather?(): Promise<void>
  /**
   * Makes all of `commits` durable, or throws and leaves none of them behind. Never called while it runs. After it
   * has thrown it is also called without commits: it resolves when nothing of the failed ones can come back.
   */
  persist(commits: readonly Commit[]): Promise<void> | void
  close(): Promise<void>
}
