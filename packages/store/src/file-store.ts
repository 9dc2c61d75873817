import { resolve } from 'node:path'
import type { Clock } from '@apsaramq/model'
import { Engine } from './engine.ts'
import { asDataDirectoryError, takeDataDirectory } from './file/data-directory.ts'
import { FilePersistence } from './file/file-persistence.ts'
import type { FileSystem, Release } from './file/file-system.ts'
import { nodeFileSystem } from './file/node-file-system.ts'
import { recover } from './file/recovery.ts'
import type { Store } from './store.ts'

/** How a file store is opened. */
export interface FileStoreOptions {
  /** Made where there is none. */
  directory: string
  clock: Clock
  /** The disk; the machine's own where it is not given. */
  fileSystem?: FileSystem
  /** Told in one sentence what a user should know: a torn end that was cut off, a compaction that failed. */
  onTrouble?: (message: string) => void
  /** Bytes of journal after which it is compacted, unless a quarter of the snapshot is more; 8 MiB. */
  compactAfterBytes?: number
}

/**
 * A store in a directory: lowdb documents of some moment, and a journal that is the truth since.
 *
 * @throws {DataDirectoryError} when the directory is another process's, damaged, of a newer version or cannot be used
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const directory = resolve(options.directory)
  const fileSystem = options.fileSystem ?? nodeFileSystem(options.clock)
  try {
    const release = await takeDataDirectory(fileSystem, directory)
    return await openTaken({ ...options, directory, fileSystem }, release)
  } catch (error) {
    throw asDataDirectoryError(error, directory)
  }
}

async function openTaken(options: FileStoreOptions & { fileSystem: FileSystem }, release: Release): Promise<Store> {
  const { directory, fileSystem, onTrouble = () => {}, compactAfterBytes = 8 << 20 } = options
  try {
    const files = await recover({ fileSystem, directory, onTrouble })
    const committed = () => engine.committed
    const persistence = new FilePersistence({ ...options, files, compactAfterBytes, onTrouble, release, committed })
    const engine = new Engine(persistence, files.replay, files.replay.lastOrder)
    return engine
  } catch (error) {
    await release()
    throw error
  }
}
