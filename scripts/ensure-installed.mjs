/**
 * Runs before every npm script, on a machine that may have nothing but Node.js and npm: makes the installed tree
 * the one of pnpm-lock.yaml. Plain JavaScript without imports of anything installed. Where the tree matches
 * already it touches neither pnpm nor the network. Speaks on stderr only.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeVersionProblem } from './install/node-version.mjs'
import { isInstalled, rememberInstalled } from './install/tree.mjs'

/** Installs unless another process has just done it; returns what went wrong as a sentence, undefined when all is well. */
async function installOnce(root) {
  const { acquireInstallLock } = await import('./install/lock.mjs') // loaded only here: most starts end before
  const { installWithPnpm } = await import('./install/pnpm.mjs')
  const release = await acquireInstallLock(root)
  try {
    if (isInstalled(root)) return undefined
    const problem = await installWithPnpm(root)
    if (!problem) rememberInstalled(root)
    return problem
  } finally {
    release()
  }
}

async function problemAt(root) {
  return nodeVersionProblem(process.versions.node) ?? (isInstalled(root) ? undefined : await installOnce(root))
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const problem = await problemAt(root).catch((error) => error.message)
if (problem) {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
