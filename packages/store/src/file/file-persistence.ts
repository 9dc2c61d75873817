import { setImmediate as turnEnds } from 'node:timers/promises'
import type { Commit, Persistence } from '../commit.ts'
import type { Recovered } from '../engine.ts'
import type { FileSystem, Release } from './file-system.ts'
import { Journal } from './journal.ts'
import { journalPath } from './layout.ts'
import type { RecoveredFiles } from './recovery.ts'
import { removeLeftovers, takeSnapshot, writeSnapshot, type Snapshot } from './snapshot.ts'

/** What the persistence of a file store needs. */
export interface FilePersistenceOptions {
  fileSystem: FileSystem
  directory: string
  files: RecoveredFiles
  /** Journal bytes after which the files are compacted, if a quarter of the snapshot is less. */
  compactAfterBytes: number
  onTrouble: (message: string) => void
  release: Release
  /** What is committed at the moment. */
  committed: () => Recovered
}

/** Appends commits to a journal; when that has grown, begins another and writes a snapshot in the background. */
export class FilePersistence implements Persistence {
  readonly #options: FilePersistenceOptions
  #journal: Journal
  #generation: number
  #snapshotBytes: number
  #compaction: Promise<void> | undefined
  #closing = false
  /** Length of the journal at which it is tried again to begin another one. */
  #retryAt = 0

  constructor(options: FilePersistenceOptions) {
    this.#options = options
    this.#journal = options.files.journal
    this.#generation = options.files.generation
    this.#snapshotBytes = options.files.snapshotBytes
  }

  /** Every call that is read in this turn of the event loop shares the group: each group is a trip to the disk. */
  gather(): Promise<void> {
    return turnEnds()
  }

  async persist(commits: readonly Commit[]): Promise<void> {
    if (this.#isDue()) await this.#tryToRotate()
    await this.#journal.append(commits)
  }

  async close(): Promise<void> {
    this.#closing = true
    try {
      await this.#compaction
      await this.#journal.close()
    } finally {
      await this.#options.release()
    }
  }

  #isDue(): boolean {
    const limit = Math.max(this.#options.compactAfterBytes, this.#snapshotBytes / 4, this.#retryAt)
    return this.#compaction === undefined && this.#journal.length > limit
  }

  /** Where there is no room for another journal, there may still be some in this one. */
  async #tryToRotate(): Promise<void> {
    try {
      await this.#rotate()
      this.#retryAt = 0
    } catch (error) {
      this.#retryAt = this.#journal.length + this.#options.compactAfterBytes
      this.#options.onTrouble(notCompacted(error))
    }
  }

  /** All before this moment is committed and in the old journal, all after it goes to the new one. */
  async #rotate(): Promise<void> {
    const snapshot = takeSnapshot(this.#options.committed())
    const { fileSystem, directory } = this.#options
    const next = new Journal(fileSystem, journalPath(directory, this.#generation + 1), 0)
    try {
      await next.open()
      await fileSystem.syncDirectory(directory)
      await this.#journal.finish()
    } catch (error) {
      snapshot.release()
      await next.close()
      throw error
    }
    this.#journal = next
    this.#generation += 1
    this.#compaction = this.#compact(snapshot, this.#generation).finally(() => snapshot.release())
  }

  async #compact(snapshot: Snapshot, generation: number): Promise<void> {
    const { fileSystem, directory, onTrouble } = this.#options
    const proceed = () => this.#stopIfClosing()
    try {
      this.#snapshotBytes = await writeSnapshot(snapshot, { fileSystem, directory, generation, proceed })
      await removeLeftovers(fileSystem, directory, generation)
    } catch (error) {
      if (!this.#closing) onTrouble(notCompacted(error))
    } finally {
      this.#compaction = undefined
    }
  }

  #stopIfClosing(): void {
    if (this.#closing) throw new Error('the store is closing')
  }
}

function notCompacted(error: unknown): string {
  return `the journal could not be compacted yet, nothing is lost: ${String(error)}`
}
