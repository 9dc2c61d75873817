/** What a disk says of an open file. */
export interface FileFacts {
  /** Bytes. */
  size: number
  /** How many names it has; none when it was deleted. */
  links: number
}

/** A file that is only ever added to at its end. */
export interface AppendFile {
  /**
   * Adds all of `bytes`, or throws; a part of them may be in the file then. They survive a power cut when the file was
   * opened as durable, else after the next `datasync`.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when what was written and cut off survives a power cut. */
  datasync(): Promise<void>
  /** Cuts the file off at `length` bytes. */
  truncate(length: number): Promise<void>
  /** What the file is now; others may have changed it. */
  facts(): FileFacts
  close(): Promise<void>
}

/** Lets go of a directory. */
export type Release = () => Promise<void>

/**
 * All that the file store asks of a disk, so that a test can put one in its place that loses what was not flushed.
 * Errors are those of node:fs, with their `code`.
 */
export interface FileSystem {
  /** Makes the directory and those above it, for the owner alone. */
  makeDirectory(path: string): Promise<void>
  /** Closes the directory to everyone but its owner, where this user may. */
  makePrivate(path: string): Promise<void>
  /** Makes this process the owner of the directory, or throws a DataDirectoryError that names who is. */
  claim(directory: string): Promise<Release>
  /** The names in a directory. */
  list(directory: string): Promise<string[]>
  /** The bytes of a file, piece by piece; each is good until the next is asked for. */
  read(path: string): AsyncIterable<Uint8Array>
  /** Opens a file for its end; makes it, for the owner alone, where there is none. */
  openAppend(path: string, options?: { durable: boolean }): Promise<AppendFile>
  rename(from: string, to: string): Promise<void>
  /** Deletes a file; one that is not there is none the less deleted. */
  remove(path: string): Promise<void>
  /** Resolves when the names in the directory survive a power cut. */
  syncDirectory(path: string): Promise<void>
}

/** The code of an error of node:fs, for example ENOENT; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The whole of a small file as text, undefined where there is none. */
export async function readText(fileSystem: FileSystem, path: string): Promise<string | undefined> {
  try {
    return await readAll(fileSystem.read(path))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Uint8Array.from(piece))
  return Buffer.concat(all).toString('utf8')
}
