import type { AppendFile, FileSystem } from './file-system.ts'

/** What is not on disk yet at most, in bytes: so that a flush of the journal beside it does not wait for much. */
const unflushedBytes = 4 << 20

/** What the names of unfinished files end in. */
export const unfinished = '.tmp'

/**
 * Writes a file beside the one it replaces, flushes it and gives it the name. The name itself survives a power cut
 * only when the folder was flushed.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const beside = `${path}${unfinished}`
  await fileSystem.remove(beside)
  const file = await fileSystem.openAppend(beside)
  try {
    await writeAll(file, pieces)
  } finally {
    await file.close()
  }
  await fileSystem.rename(beside, path)
}

async function writeAll(file: AppendFile, pieces: Iterable<Uint8Array>): Promise<void> {
  let unflushed = 0
  for (const piece of pieces) {
    await file.write(piece)
    unflushed += piece.length
    if (unflushed < unflushedBytes) continue
    await file.datasync()
    unflushed = 0
  }
  await file.datasync()
}
