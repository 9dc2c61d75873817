import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedSchema } from '@apsaramq/emulator'
import { coverageText } from './coverage.ts'
import { withOptionsTable } from './options-table.ts'

/** What a generated file is to hold; `current` is what it holds now. */
const generators: Readonly<Record<string, (current: string) => string>> = {
  'COVERAGE.md': () => coverageText(),
  'README.md': withOptionsTable,
  'docs/seed.schema.json': () => `${JSON.stringify(seedSchema, null, 2)}\n`,
}

function current(root: string, path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : ''
}

/** The generated files that are not what their generators make now. */
export function staleFiles(root: string): string[] {
  const stale = Object.entries(generators).filter(
    ([path, generate]) => generate(current(root, path)) !== current(root, path),
  )
  return stale.map(([path]) => `${path}: is not what is generated now: run "npm run generate"`)
}

/** Writes every generated file. */
export function generateFiles(root: string): void {
  for (const [path, generate] of Object.entries(generators)) {
    writeFileSync(join(root, path), generate(current(root, path)))
  }
}
