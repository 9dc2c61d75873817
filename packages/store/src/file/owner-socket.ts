import { createHash } from 'node:crypto'
import { link, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@apsaramq/model'
import { DataDirectoryError } from '../store.ts'
import { errorCode, type Release } from './file-system.ts'

/** Longest path of a Unix socket that every system takes, in bytes (macOS: 103). */
const maxSocketPathBytes = 103
/** How long an owner may take to say who it is, in milliseconds. */
const askMs = 1000

/**
 * Makes this process the one owner of a directory, by a socket in it that it listens on: the kernel lets go of it
 * whatever ends the process, and it is seen from other containers that share the directory, unlike a process id.
 *
 * The sockets are numbered. An owner that is gone leaves its number behind; whoever finds the highest one dead takes
 * the next. A name is never given twice while a higher one stands, so of two that start at once one wins.
 *
 * @throws {DataDirectoryError} when another process is the owner
 */
export async function claimDirectory(directory: string, clock: Clock): Promise<Release> {
  const real = await realpath(directory)
  return process.platform === 'win32'
    ? claimByPipe(real, clock)
    : withShortPath(real, (path) => claim(path, real, clock))
}

async function claim(path: string, directory: string, clock: Clock): Promise<Release> {
  const scratch = await mkdtemp(join(path, 'owner.'))
  const server = await listen(join(scratch, 's'))
  try {
    await takeNumber(path, join(scratch, 's'), directory, clock)
    return () => close(server)
  } catch (error) {
    await close(server)
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Links the listening socket to the number after the highest, whose owner must be gone. */
async function takeNumber(path: string, socket: string, directory: string, clock: Clock): Promise<void> {
  for (;;) {
    const highest = (await numbers(path)).at(-1) ?? 0
    if (highest > 0) await refuseIfAlive(join(path, nameOf(highest)), directory, clock)
    const own = highest + 1
    if (!(await linked(socket, join(path, nameOf(own))))) continue // someone was faster: ask that one
    const others = await numbers(path)
    if (others.at(-1) === own) return removeAll(path, others.slice(0, -1))
    await removeAll(path, [own]) // the name had been free only because a later owner had tidied up
  }
}

const nameOf = (number: number) => `owner.${number}.sock`

async function numbers(path: string): Promise<number[]> {
  const found = (await readdir(path)).map((name) => /^owner\.(\d+)\.sock$/.exec(name)?.[1])
  return found.flatMap((text) => (text ? [Number(text)] : [])).sort((one, other) => one - other)
}

async function linked(socket: string, path: string): Promise<boolean> {
  try {
    await link(socket, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

async function removeAll(path: string, owners: readonly number[]): Promise<void> {
  for (const number of owners) await rm(join(path, nameOf(number)), { force: true })
}

async function refuseIfAlive(socket: string, directory: string, clock: Clock): Promise<void> {
  const answer = await ask(socket, clock)
  if (answer === undefined) return
  const who = /^\d+$/.test(answer) ? `the running process ${answer}` : 'a running process'
  throw new DataDirectoryError(
    `The data directory ${directory} is used by ${who}: stop it, or choose another directory with --data.`,
  )
}

/** What an owner says when it is asked, empty where it says nothing in time; undefined where there is none. */
function ask(socket: string, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let said = ''
    const connection = connect(socket)
    const cancel = clock.after(askMs, () => connection.destroy())
    connection.setEncoding('utf8').on('data', (text: string) => (said += text))
    connection.on('close', () => {
      cancel()
      resolve(said.trim())
    })
    connection.on('error', (error) => {
      const code = errorCode(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined)
      else if (code === 'EACCES' || code === 'EPERM') reject(error)
    })
  })
}

function listen(path: string): Promise<Server> {
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy()) // whoever asked did not wait
    connection.end(`${process.pid}\n`)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => resolve(server.unref()))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => void server.close((error) => (error ? reject(error) : resolve())))
}

/** A path to the directory that leaves room for the name of a socket: through a link where its own is too long. */
async function withShortPath<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(directory) + '/owner.1234567890.sock'.length <= maxSocketPathBytes) return use(directory)
  const place = await mkdtemp(join(tmpdir(), 'amq-'))
  try {
    await symlink(directory, join(place, 'd'))
    return await use(join(place, 'd'))
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** On Windows a named pipe goes with its process, so the first to listen is the owner. */
async function claimByPipe(directory: string, clock: Clock): Promise<Release> {
  const pipe = `\\\\.\\pipe\\apsaramq-${createHash('sha256').update(directory.toLowerCase()).digest('hex').slice(0, 32)}`
  try {
    const server = await listen(pipe)
    return () => close(server)
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error
    await refuseIfAlive(pipe, directory, clock)
    return claimByPipe(directory, clock)
  }
}
