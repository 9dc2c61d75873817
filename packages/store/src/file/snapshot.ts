import { join } from 'node:path'
import { Low } from 'lowdb'
import type { CollectionName } from '../collections.ts'
import type { Position } from '../commit.ts'
import type { Recovered } from '../engine.ts'
import { DataDirectoryError } from '../store.ts'
import { DocumentFile, documentName, formatVersion, type StoreDocument } from './document.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import { collectionNames } from '../table.ts'
import { largeCollections, leftovers, recordsPath, smallCollections } from './layout.ts'
import { RecordLines, type FileSummary } from './record-lines.ts'

/** Everything that was committed at one moment. */
export interface Snapshot {
  position: Position
  records: { [C in CollectionName]?: Iterable<object> }
}

/** Takes hold of what is committed now; what is committed later does not reach it. To be released. */
export function takeSnapshot({ tables, position }: Recovered): Snapshot & { release(): void } {
  const records: Snapshot['records'] = {}
  for (const name of collectionNames) records[name] = tables[name].snapshot()
  const release = () => collectionNames.forEach((name) => tables[name].releaseSnapshot())
  return { position: { ...position }, records, release }
}

/** Where and how a snapshot is written. */
export interface SnapshotTarget {
  fileSystem: FileSystem
  directory: string
  generation: number
  /** Called before each piece; throws to end it. */
  proceed(): void
}

/** Writes a snapshot so that after a power cut there is either the one before or this one; returns its size in bytes. */
export async function writeSnapshot({ position, records }: Snapshot, target: SnapshotTarget): Promise<number> {
  const { fileSystem, directory, generation } = target
  const large: StoreDocument['large'] = {}
  for (const name of largeCollections) large[name] = await writeLarge(name, records[name] ?? [], target)
  await fileSystem.syncDirectory(directory)
  const collections = Object.fromEntries(smallCollections.map((name) => [name, [...(records[name] ?? [])]]))
  const document = { format: formatVersion, generation, ...position, large, collections }
  await new Low<StoreDocument>(new DocumentFile(fileSystem, join(directory, documentName)), document).write()
  await fileSystem.syncDirectory(directory)
  return sizeOf(document)
}

async function writeLarge(name: CollectionName, records: Iterable<object>, target: SnapshotTarget) {
  const path = recordsPath(target.directory, name, target.generation)
  const lines = new RecordLines(target.fileSystem, path, () => target.proceed())
  await new Low<Iterable<object>>(lines, records).write()
  return lines.summary
}

/** How large the files of the large collections are together, in bytes. */
export function sizeOf({ large }: Pick<StoreDocument, 'large'>): number {
  return Object.values(large).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The document of a directory, undefined where it has none. */
export async function readDocument(fileSystem: FileSystem, directory: string): Promise<StoreDocument | undefined> {
  return (await new DocumentFile(fileSystem, join(directory, documentName)).read()) ?? undefined
}

/** The records of a large collection. @throws {DataDirectoryError} when the file is missing or damaged */
export async function readLarge(
  fileSystem: FileSystem,
  path: string,
  expected: FileSummary | undefined,
): Promise<Iterable<object>> {
  const lines = new RecordLines(fileSystem, path, () => {})
  const database = new Low<Iterable<object>>(lines, [])
  try {
    await database.read()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new DataDirectoryError(`${path} is missing: ${cure}`, { cause: error })
    if (error instanceof SyntaxError) throw damaged(path, error)
    throw error
  }
  const { summary } = lines
  if (summary.checksum !== expected?.checksum || summary.records !== expected.records) throw damaged(path)
  return database.data
}

const cure = 'restore the directory from a copy, or choose another one.'

function damaged(path: string, cause?: unknown): DataDirectoryError {
  return new DataDirectoryError(`${path} is damaged: ${cure}`, cause === undefined ? {} : { cause })
}

/** Removes the files that a snapshot of this generation has made unnecessary. */
export async function removeLeftovers(fileSystem: FileSystem, directory: string, generation: number): Promise<void> {
  for (const name of leftovers(await fileSystem.list(directory), generation)) {
    await fileSystem.remove(join(directory, name))
  }
}
