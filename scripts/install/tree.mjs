import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const stampFile = (root) => join(root, 'node_modules', '.apsaramq-installed')

/** The text of a file; undefined where there is none. */
function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** The folders that a line of the workspace's `packages` names: one, or with a star all within one. */
function foldersNamed(root, pattern) {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = pattern.slice(0, -2)
  const names = existsSync(join(root, parent)) ? readdirSync(join(root, parent)).sort() : []
  return names.map((name) => join(parent, name))
}

/** Folders of the workspace that have a package.json, the root among them. */
function rooms(root) {
  const [, lines = ''] = /^packages:\n((?: +- .+\n)+)/m.exec(textOf(join(root, 'pnpm-workspace.yaml')) ?? '') ?? []
  const patterns = [...lines.matchAll(/- (.+)/g)].map(([, pattern]) => pattern.replaceAll(/['"]/g, ''))
  const folders = ['.', ...patterns.flatMap((pattern) => foldersNamed(root, pattern))]
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')))
}

/** What a package.json asks to be installed, and nothing else of it. */
function dependenciesOf(root, folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest
  return { dependencies, devDependencies, optionalDependencies }
}

/** A digest of all that decides what is installed: lockfile, workspace settings, every list of dependencies. */
function fingerprint(root) {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(textOf(join(root, file)) ?? '').update('\0')
  for (const folder of rooms(root)) hash.update(folder).update(JSON.stringify(dependenciesOf(root, folder)))
  return hash.digest('hex')
}

/** Whether pnpm finished linking this very lockfile: it leaves its copy in the tree. */
function matchesLockfile(root) {
  const linked = textOf(join(root, 'node_modules', '.pnpm', 'lock.yaml'))
  return linked !== undefined && linked === textOf(join(root, 'pnpm-lock.yaml'))
}

/** Whether every direct dependency is in place, those for development too (an install for production leaves them out). */
function isLinked(root) {
  return rooms(root).every((folder) => {
    const { dependencies, devDependencies } = dependenciesOf(root, folder)
    const names = Object.keys({ ...dependencies, ...devDependencies })
    return names.every((name) => existsSync(join(root, folder, 'node_modules', name)))
  })
}

/** Whether pnpm, run by hand, checked the tree after the last change of what decides it. */
function validatedByPnpm(root) {
  const state = textOf(join(root, 'node_modules', '.pnpm-workspace-state-v1.json'))
  if (!state) return false
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...rooms(root).map((folder) => join(folder, 'package.json'))]
  const lastChange = Math.max(...files.map((file) => statSync(join(root, file)).mtimeMs))
  return JSON.parse(state).lastValidatedTimestamp >= lastChange
}

/** Whether the installed tree is the one of the lockfile; reads a few files, starts nothing. */
export function isInstalled(root) {
  if (!matchesLockfile(root) || !isLinked(root)) return false
  return textOf(stampFile(root)) === fingerprint(root) || validatedByPnpm(root)
}

/** Notes that the tree was installed from what the checkout says now. */
export function rememberInstalled(root) {
  writeFileSync(stampFile(root), fingerprint(root))
}
