import type { Commit } from '../commit.ts'
import { StoreUnavailableError } from '../store.ts'
import type { AppendFile, FileSystem } from './file-system.ts'
import { encodeCommits, journalHeader } from './journal-line.ts'

/**
 * The end of a journal. What could not be written whole is cut off again before anything else is written, so that
 * a commit that was denied does not come back.
 */
export class Journal {
  readonly #fileSystem: FileSystem
  readonly #path: string
  #file: AppendFile | undefined
  #length: number
  #damaged = false
  /** Set when the file was deleted or cut by others: what was durable is gone, and no commit may follow it. */
  #lost: StoreUnavailableError | undefined

  /** @param length how much of the file is known to be durable and whole */
  constructor(fileSystem: FileSystem, path: string, length: number) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#length = length
  }

  get length(): number {
    return this.#length
  }

  /** Makes the file where there is none, with its header, and cuts it off at its durable length. */
  async open(): Promise<void> {
    await this.#repair()
  }

  /** Makes the commits durable, or throws and leaves none of them. */
  async append(commits: readonly Commit[]): Promise<void> {
    if (this.#lost) throw this.#lost
    if (this.#damaged) await this.#repair()
    if (commits.length === 0) return
    try {
      this.#length += await this.#write(commits)
    } catch (error) {
      this.#damaged = true
      if (this.#lost) throw error
      await this.#repair() // where this fails too, it is tried again before the next commit
      throw error
    }
  }

  /** Ends it for good: cuts off what is not whole, so that another journal can follow. */
  async finish(): Promise<void> {
    if (this.#lost) throw this.#lost
    if (this.#damaged) await this.#repair()
    await this.close()
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #write(commits: readonly Commit[]): Promise<number> {
    const file = this.#file ?? (await this.#reopen())
    let written = 0
    for (const piece of encodeCommits(commits, this.#length)) {
      const bytes = Buffer.from(piece)
      await file.write(bytes)
      written += bytes.length
    }
    this.#check(file, this.#length + written)
    return written
  }

  /** On a new handle, since the old one may belong to a disk that went away and came back. */
  async #repair(): Promise<void> {
    await this.close()
    const file = await this.#reopen()
    this.#check(file, this.#length)
    await file.truncate(this.#length)
    if (this.#length === 0) await file.write(journalHeader)
    await file.datasync()
    this.#length ||= journalHeader.length
    this.#damaged = false
  }

  /** A descriptor outlives the name of its file: a commit in a file without one would be gone at the next start. */
  #check(file: AppendFile, length: number): void {
    const { size, links } = file.facts()
    if (links > 0 && size >= length) return
    this.#lost = new StoreUnavailableError(
      `${this.#path} was ${links > 0 ? 'cut off' : 'deleted'} while the store was open: stop the emulator, ` +
        'and restore the directory from a copy or remove it to begin anew',
    )
    throw this.#lost
  }

  async #reopen(): Promise<AppendFile> {
    this.#file = await this.#fileSystem.openAppend(this.#path, { durable: true })
    return this.#file
  }
}
