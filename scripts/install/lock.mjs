import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const pollMs = 200
const patienceMs = 15 * 60_000

/** Where the lock of a checkout lies: outside of node_modules, which pnpm may replace as a whole. */
function lockPath(root) {
  const name = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16)
  return join(tmpdir(), `apsaramq-install-${process.getuid?.() ?? 'user'}-${name}`)
}

function holderOf(path) {
  try {
    return Number(readFileSync(join(path, 'pid'), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM' // another user's process
  }
}

/** Moves `from` to `to` in one step; false when `to` is taken or `from` has gone. */
function moved(from, to) {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOENT'].includes(error.code)) return false
    throw error
  }
}

/** Removes the lock of a process that died; puts it back if another had just taken it. */
function breakLock(path, deadPid) {
  const aside = mkdtempSync(`${path}-broken-`)
  if (moved(path, aside) && holderOf(aside) !== deadPid && moved(aside, path)) return
  rmSync(aside, { recursive: true, force: true })
}

/** A directory that names its holder appears at `path` in one step, or not at all. */
function tryLock(path) {
  const mine = mkdtempSync(`${path}-`)
  writeFileSync(join(mine, 'pid'), String(process.pid))
  if (moved(mine, path)) return true
  rmSync(mine, { recursive: true, force: true })
  return false
}

/** Waits until no other process installs into this checkout; returns what lets the next one in. */
export async function acquireInstallLock(root) {
  const path = lockPath(root)
  for (let waitedMs = 0; !tryLock(path); waitedMs += pollMs) {
    const holder = holderOf(path)
    if (holder !== undefined && !isAlive(holder)) breakLock(path, holder)
    if (waitedMs === 0) process.stderr.write('Waiting for another process that installs the dependencies.\n')
    if (waitedMs > patienceMs)
      throw new Error(`Process ${holder} has been installing for very long: end it, or delete ${path}.`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return () => rmSync(path, { recursive: true, force: true })
}
