import { crc32 } from 'node:zlib'
import type { Adapter } from 'lowdb'
import type { FileSystem } from './file-system.ts'
import { readLines } from './read-lines.ts'
import { replaceFile } from './replace-file.ts'

/** What a file of records is known by: one that differs in it is damaged. */
export interface FileSummary {
  records: number
  bytes: number
  /** CRC-32 of the bytes. */
  checksum: number
}

/** Characters that are made into text at once: a few dozen records, well below a millisecond. */
const pieceLength = 1 << 16

/**
 * A lowdb adapter for a collection that may be large: one record a line, written and read in pieces, flushed before
 * it takes its name. lowdb's own file adapters make one string of everything and flush nothing.
 */
export class RecordLines implements Adapter<Iterable<object>> {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #proceed: () => void
  /** What was last written or read. */
  summary: FileSummary = { records: 0, bytes: 0, checksum: 0 }

  /** @param proceed called before each piece is written; throws to end it */
  constructor(fileSystem: FileSystem, path: string, proceed: () => void) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#proceed = proceed
  }

  async read(): Promise<object[]> {
    const records: object[] = []
    this.summary = { records: 0, bytes: 0, checksum: 0 }
    for await (const lines of readLines(this.#counted(this.#fileSystem.read(this.#path)))) {
      for (const line of lines) records.push(sharing(JSON.parse(line.toString()) as Fields, records.at(-1)))
    }
    this.summary.records = records.length
    return records
  }

  async write(records: Iterable<object>): Promise<void> {
    this.summary = { records: 0, bytes: 0, checksum: 0 }
    await replaceFile(this.#fileSystem, this.#path, this.#pieces(records))
  }

  *#pieces(records: Iterable<object>): Generator<Buffer> {
    let piece = ''
    for (const record of records) {
      piece += `${JSON.stringify(record)}\n`
      this.summary.records += 1
      if (piece.length < pieceLength) continue
      this.#proceed()
      yield this.#count(Buffer.from(piece))
      piece = ''
    }
    if (piece !== '') yield this.#count(Buffer.from(piece))
  }

  async *#counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) yield this.#count(piece)
  }

  #count<B extends Uint8Array>(piece: B): B {
    this.summary.bytes += piece.length
    this.summary.checksum = crc32(piece, this.summary.checksum)
    return piece
  }
}

type Fields = Record<string, unknown>

/** Takes texts over from the record before where they are the same: ids of CA and instance are on every device. */
function sharing(record: Fields, before: object | undefined): Fields {
  const fields = before as Fields | undefined // records are plain objects
  if (fields === undefined) return record
  for (const name of Object.keys(record)) {
    if (typeof record[name] === 'string' && record[name] === fields[name]) record[name] = fields[name]
  }
  return record
}
