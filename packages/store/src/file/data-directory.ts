import { join } from 'node:path'
import { DataDirectoryError } from '../store.ts'
import { documentName } from './document.ts'
import { errorCode, type FileSystem, type Release } from './file-system.ts'

/**
 * Makes the data directory where there is none, takes it for this process and keeps it private: for the owner alone,
 * and out of any repository. A directory that already holds something else keeps its mode and stays visible.
 */
export async function takeDataDirectory(fileSystem: FileSystem, directory: string): Promise<Release> {
  await fileSystem.makeDirectory(directory)
  const release = await fileSystem.claim(directory)
  try {
    await keepPrivate(fileSystem, directory)
    return release
  } catch (error) {
    await release()
    throw error
  }
}

async function keepPrivate(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = await fileSystem.list(directory)
  const isOurs = names.includes(documentName) || names.every((name) => name.startsWith('owner.'))
  if (!isOurs || names.includes('.git')) return
  await fileSystem.makePrivate(directory)
  if (names.includes('.gitignore')) return
  const file = await fileSystem.openAppend(join(directory, '.gitignore'))
  try {
    await file.write(Buffer.from('*\n'))
  } finally {
    await file.close()
  }
}

const sentenceByCode: Record<string, string> = {
  EACCES: 'cannot be read and written by this user: change its owner or mode',
  EPERM: 'cannot be read and written by this user: change its owner or mode',
  ENOTDIR: 'is not a directory: remove the file that stands there',
  EEXIST: 'is not a directory: remove the file that stands there',
  EROFS: 'is on a disk that is mounted read-only: make it writable',
  ENOSPC: 'is on a disk that is full: make room',
  EDQUOT: 'is beyond the quota of this user: make room',
  ENAMETOOLONG: 'has too long a name: use a shorter one',
}

/** What a user is told of an error of the disk; what is none is left as it is. */
export function asDataDirectoryError(error: unknown, directory: string): unknown {
  const code = errorCode(error)
  if (code === undefined || !(error instanceof Error)) return error
  const sentence = sentenceByCode[code] ?? `cannot be used (${error.message}): repair it`
  return new DataDirectoryError(`The data directory ${directory} ${sentence}, or choose another one with --data.`, {
    cause: error,
  })
}
