import type { Position } from '../commit.ts'
import { DataDirectoryError } from '../store.ts'
import { createTables, type Tables } from '../table.ts'
import type { CollectionName } from '../collections.ts'
import type { FileSystem } from './file-system.ts'
import { decodeLine, journalHeader, type JournalWrite, type ReadLine } from './journal-line.ts'
import { readLines } from './read-lines.ts'

/** The state of a store while it is put together again. */
export class Replay {
  tables: Tables = createTables()
  readonly position: Position
  lastOrder = 0

  constructor({ commit, seq }: Position) {
    this.position = { commit, seq }
  }

  load(collection: CollectionName, records: Iterable<object>): void {
    const table = this.tables[collection]
    for (const record of records) table.set(table.definition.key(record), record, (this.lastOrder += 1))
  }

  /** Does again what a commit did. */
  apply(lines: readonly ReadLine[]): void {
    if (lines[0]?.reset) this.tables = createTables()
    for (const { w: writes } of lines) {
      for (const write of writes) this.#write(write)
      if (!lines[0]?.reset) this.position.seq += writes.length
    }
    this.position.commit += 1
  }

  #write(write: JournalWrite): void {
    const table = this.tables[write.c]
    if ('put' in write) return table.set(table.definition.key(write.put), write.put, (this.lastOrder += 1))
    const entry = table.entry(write.k)
    if ('gone' in write) return table.set(write.k, undefined, 0)
    if (entry === undefined)
      throw new DataDirectoryError(`The journal changes ${write.c} ${write.k}, which is not there.`)
    table.set(write.k, { ...entry.record, ...write.set }, entry.order)
  }
}

/** What was found in a journal. */
export interface JournalEnd {
  /** Bytes that hold the header and complete commits; 0 where the journal was never begun. */
  length: number
  /** Bytes of the file. */
  size: number
  /** Complete lines that are not as they were written. */
  brokenLines: number
}

/**
 * Does again what the commits of a journal did. What follows the last complete commit was never answered: a write
 * that a power cut has torn.
 *
 * @throws {DataDirectoryError} when it is damaged where it had been durable, or commits are missing
 */
export async function replayJournal(fileSystem: FileSystem, path: string, replay: Replay): Promise<JournalEnd> {
  const reading = new JournalReading(path, replay)
  for await (const lines of readLines(reading.measured(fileSystem.read(path)))) {
    for (const line of lines) reading.take(line)
  }
  reading.checkHeader()
  return reading.end
}

class JournalReading {
  readonly end: JournalEnd = { length: 0, size: 0, brokenLines: 0 }
  readonly #path: string
  readonly #replay: Replay
  #hasHeader = false
  #offset = 0
  /** Where the first line begins that is not as it was written. */
  #broken: number | undefined
  #unfinished: ReadLine[] = []

  constructor(path: string, replay: Replay) {
    this.#path = path
    this.#replay = replay
  }

  async *measured(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.end.size += piece.length
      yield piece
    }
  }

  take(bytes: Buffer): void {
    if (this.#offset === 0 && bytes.equals(journalHeader.subarray(0, -1))) return this.#begin()
    if (!this.#hasHeader) return
    const line = decodeLine(bytes)
    if (line === undefined) this.#notice()
    else if (this.#broken !== undefined) this.#compare(line, this.#broken)
    else this.#add(line, this.#offset + bytes.length + 1)
    this.#offset += bytes.length + 1
  }

  #begin(): void {
    this.#hasHeader = true
    this.#offset = journalHeader.length
    this.end.length = journalHeader.length
  }

  /** A header that a power cut has torn has nothing behind it: it was flushed before the first commit was written. */
  checkHeader(): void {
    if (this.end.size <= journalHeader.length || this.#hasHeader) return
    throw this.#damaged('it does not begin as a journal does')
  }

  #notice(): void {
    this.#broken ??= this.#offset
    this.end.brokenLines += 1
  }

  /** A line behind a broken one: one of the same torn group, unless it was written when the broken one was durable. */
  #compare(line: ReadLine, broken: number): void {
    if (line.durable > broken) throw this.#damaged(`the line at byte ${broken} is not as it was written`)
  }

  #add(line: ReadLine, end: number): void {
    if (line.n !== this.#replay.position.commit + 1) {
      throw this.#damaged(`commit ${this.#replay.position.commit + 1} is missing before commit ${line.n}`)
    }
    this.#unfinished.push(line)
    if (line.more) return
    this.#replay.apply(this.#unfinished)
    this.#unfinished = []
    this.end.length = end
  }

  #damaged(what: string): DataDirectoryError {
    return new DataDirectoryError(
      `${this.#path} is damaged (${what}): restore the directory from a copy, or choose another one.`,
    )
  }
}
