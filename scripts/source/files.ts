import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const notOurs = new Set(['node_modules', '.types', 'coverage', '.apsaramq'])
const sourceName = /\.(ts|mts|mjs|js)$/

/** Every source file under a folder, by its path from `root`, in the order of the names. */
export function sourceFiles(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sourceFiles(root, path)
    return sourceName.test(entry.name) ? [path] : []
  })
}

/** True for what only tests and benches load. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|(^|\/)(conformance|testing)\/|^(e2e|bench)\//.test(path)
}
