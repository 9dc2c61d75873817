import { constants, fstatSync } from 'node:fs'
import { chmod, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import type { Clock } from '@apsaramq/model'
import type { AppendFile, FileFacts, FileSystem } from './file-system.ts'
import { claimDirectory } from './owner-socket.ts'
import { makeFolder } from './make-folder.ts'

/** How much is read at once. */
const pieceBytes = 1 << 20

/** The machine's own disk. @param clock for how long an owner of a directory is asked who it is */
export function nodeFileSystem(clock: Clock): FileSystem {
  return {
    makeDirectory,
    makePrivate,
    claim: (directory) => claimDirectory(directory, clock),
    list: (directory) => readdir(directory),
    read,
    openAppend,
    rename,
    remove: (path) => rm(path, { force: true }),
    syncDirectory,
  }
}

async function makeDirectory(path: string): Promise<void> {
  await makeFolder(path, 0o700)
}

async function makePrivate(path: string): Promise<void> {
  const { mode, uid } = await stat(path)
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) await chmod(path, 0o700)
}

async function* read(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  const piece = Buffer.allocUnsafe(pieceBytes)
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, pieceBytes)
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** What makes a write wait for the disk: one trip there instead of two. On macOS it does not reach the disk itself. */
const writeThrough = process.platform === 'linux' ? constants.O_DSYNC : 0

async function openAppend(path: string, { durable } = { durable: false }): Promise<AppendFile> {
  const flags = constants.O_CREAT | constants.O_RDWR | constants.O_APPEND
  const file = await open(path, durable ? flags | writeThrough : flags, 0o600)
  const writeAndFlush = async (bytes: Uint8Array) => {
    await writeAll(file, bytes)
    await file.datasync()
  }
  return {
    write: durable && !writeThrough ? writeAndFlush : (bytes) => writeAll(file, bytes),
    datasync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    facts: () => factsOf(file),
    close: () => file.close(),
  }
}

/** At once: the kernel knows it without asking the disk. */
function factsOf(file: FileHandle): FileFacts {
  const { size, nlink } = fstatSync(file.fd)
  return { size, links: nlink }
}

/** A disk that fills up takes a part and only then says so. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written)
    written += bytesWritten
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // a directory cannot be opened there; NTFS journals its names itself
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
