import { join } from 'node:path'
import { DataDirectoryError } from '../store.ts'
import { documentName, type StoreDocument } from './document.ts'
import type { FileSystem } from './file-system.ts'
import { Journal } from './journal.ts'
import { journalHeader } from './journal-line.ts'
import { journalGenerations, journalPath, largeCollections, recordsPath, smallCollections } from './layout.ts'
import { Replay, replayJournal } from './replay.ts'
import { readDocument, readLarge, removeLeftovers, sizeOf, writeSnapshot } from './snapshot.ts'

/** The generation of an empty store. */
const firstGeneration = 1

/** Where the files are, and who is told of what was found in them. */
export interface RecoveryOptions {
  fileSystem: FileSystem
  directory: string
  onTrouble: (message: string) => void
}

/** A store put together from its files. */
export interface RecoveredFiles {
  replay: Replay
  journal: Journal
  /** Of the journal that is written to. */
  generation: number
  /** Of the last snapshot. */
  snapshotBytes: number
}

/**
 * Reads the last snapshot and does again what the journals since have; makes the files of an empty store in a
 * directory that has none.
 *
 * @throws {DataDirectoryError} when the files are damaged, incomplete or of a newer version
 */
export async function recover(options: RecoveryOptions): Promise<RecoveredFiles> {
  const { fileSystem, directory } = options
  const document = (await readDocument(fileSystem, directory)) ?? (await begin(options))
  await removeLeftovers(fileSystem, directory, document.generation)
  const replay = new Replay(document)
  for (const name of smallCollections) replay.load(name, document.collections[name] ?? [])
  for (const name of largeCollections) {
    const path = recordsPath(directory, name, document.generation)
    replay.load(name, await readLarge(fileSystem, path, document.large[name]))
  }
  const { generation, length } = await replayAll(options, document, replay)
  const journal = new Journal(fileSystem, journalPath(directory, generation), length)
  await journal.open()
  await fileSystem.syncDirectory(directory)
  return { replay, journal, generation, snapshotBytes: sizeOf(document) }
}

/** The files of an empty store; its journal is on disk before the document that refers to it. */
async function begin({ fileSystem, directory }: RecoveryOptions): Promise<StoreDocument> {
  if (!(await isFresh(fileSystem, directory))) {
    throw new DataDirectoryError(
      `${join(directory, documentName)} is missing beside its journal: restore it from a copy, or choose another directory.`,
    )
  }
  const journal = new Journal(fileSystem, journalPath(directory, firstGeneration), 0)
  await journal.open().finally(() => journal.close())
  const empty = { position: { commit: 0, seq: 0 }, records: {} }
  await writeSnapshot(empty, { fileSystem, directory, generation: firstGeneration, proceed() {} })
  return (await readDocument(fileSystem, directory))!
}

/** Whether a directory without a document has never had one: at most its first journal was begun. */
async function isFresh(fileSystem: FileSystem, directory: string): Promise<boolean> {
  const [first, ...more] = journalGenerations(await fileSystem.list(directory))
  if (first === undefined) return true
  if (first !== firstGeneration || more.length > 0) return false
  return (await sizeOfFile(fileSystem, journalPath(directory, first))) <= journalHeader.length
}

async function sizeOfFile(fileSystem: FileSystem, path: string): Promise<number> {
  let size = 0
  for await (const piece of fileSystem.read(path)) size += piece.length
  return size
}

/** Replays the journals in order; returns where the next commit goes. */
async function replayAll(options: RecoveryOptions, document: StoreDocument, replay: Replay) {
  const { fileSystem, directory } = options
  const generations = journalGenerations(await fileSystem.list(directory))
  const first = journalPath(directory, document.generation)
  if (generations[0] !== document.generation) throw lost(first, 'is missing')
  for (const [at, generation] of generations.entries()) {
    const path = journalPath(directory, generation)
    const end = await replayJournal(fileSystem, path, replay)
    if (at === 0 && end.length === 0) throw lost(path, 'is empty')
    if (end.brokenLines > 0) options.onTrouble(torn(path, end.size - end.length))
    const isLast = at === generations.length - 1
    if (!isLast && end.size === end.length) continue
    await removeEmpty(options, generations.slice(at + 1), path)
    return { generation, length: end.length }
  }
  throw lost(first, 'is missing')
}

/** Behind a torn journal there may only be ones that were begun and not used. */
async function removeEmpty({ fileSystem, directory }: RecoveryOptions, later: readonly number[], tornPath: string) {
  for (const generation of later) {
    const path = journalPath(directory, generation)
    const size = await sizeOfFile(fileSystem, path)
    if (size > journalHeader.length)
      throw new DataDirectoryError(`${tornPath} is damaged at its end: restore the directory from a copy.`)
    await fileSystem.remove(path)
  }
}

function lost(path: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    `${path} ${what}, and with it every change since ${documentName} was written: ` +
      'restore the directory from a copy, or remove the directory to begin anew.',
  )
}

function torn(path: string, bytes: number): string {
  return `the last ${bytes} bytes of ${path} were torn by a crash and were cut off; no answered call was in them`
}
