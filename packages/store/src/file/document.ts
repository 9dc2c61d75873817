import type { Adapter } from 'lowdb'
import type { Position } from '../commit.ts'
import type { CollectionName } from '../collections.ts'
import { DataDirectoryError } from '../store.ts'
import { readText, type FileSystem } from './file-system.ts'
import type { FileSummary } from './record-lines.ts'
import { replaceFile } from './replace-file.ts'

/**
 * The version of what is on disk. A newer one is refused; an older one is read, and written as this one by the next
 * snapshot: 2 has the collections of user groups, roles and security tokens, which 1 has not.
 */
export const formatVersion = 2

/** The name of the document in the data directory. */
export const documentName = 'store.json'

/** A state of the store: the small collections themselves, and what the files of the large ones are known by. */
export interface StoreDocument extends Position {
  format: number
  /** The first journal that was begun after this state, and the number in the names of the large collections' files. */
  generation: number
  large: { [C in CollectionName]?: FileSummary }
  collections: { [C in CollectionName]?: readonly object[] }
}

/** A lowdb adapter for the document: plain JSON, a record a line, flushed before it takes its name. */
export class DocumentFile implements Adapter<StoreDocument> {
  readonly #fileSystem: FileSystem
  readonly #path: string

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem
    this.#path = path
  }

  /** @throws {DataDirectoryError} when it is no document, or one of a newer version */
  async read(): Promise<StoreDocument | null> {
    const text = await readText(this.#fileSystem, this.#path)
    return text === undefined ? null : checked(parse(text, this.#path), this.#path)
  }

  async write(document: StoreDocument): Promise<void> {
    await replaceFile(this.#fileSystem, this.#path, pieces(document))
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DataDirectoryError(`${path} is not JSON: restore it from a copy, or choose another directory.`, {
      cause: error,
    })
  }
}

function checked(document: unknown, path: string): StoreDocument {
  const { format, generation, commit, seq, large, collections } = (document ?? {}) as Partial<StoreDocument> // looked at below
  if (typeof format === 'number' && format > formatVersion) {
    throw new DataDirectoryError(
      `${path} was written by a newer version (format ${format}, this one knows ${formatVersion}): ` +
        'use that version, or choose another directory.',
    )
  }
  const numbers = [format, generation, commit, seq].every((number) => Number.isSafeInteger(number))
  if (!numbers || typeof large !== 'object' || typeof collections !== 'object') {
    throw new DataDirectoryError(`${path} is not a document of the store: choose another directory.`)
  }
  return document as StoreDocument // just checked
}

/** Records of a collection in one piece of text. */
const recordsPerPiece = 50

function* pieces({ collections, ...head }: StoreDocument): Generator<Buffer> {
  yield Buffer.from(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "collections": {`)
  let separator = '\n'
  for (const [name, records] of Object.entries(collections)) {
    yield Buffer.from(`${separator}    "${name}": [`)
    yield* recordPieces(records)
    yield Buffer.from(records.length > 0 ? '\n    ]' : ']')
    separator = ',\n'
  }
  yield Buffer.from('\n  }\n}\n')
}

function* recordPieces(records: readonly object[]): Generator<Buffer> {
  for (let at = 0; at < records.length; at += recordsPerPiece) {
    const texts = records.slice(at, at + recordsPerPiece).map((record) => `\n      ${JSON.stringify(record)}`)
    yield Buffer.from(`${at > 0 ? ',' : ''}${texts.join(',')}`)
  }
}
