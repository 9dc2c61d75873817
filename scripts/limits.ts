import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Assumption, assumptions } from '@apsaramq/model'
import { sourceFiles } from './source/files.ts'

/** A row of the table in LIMITS.md. */
interface Row {
  id: string
  confidence: string
  setting: string
}

const rowText = /^\| (A-\d+) \| (\w+) \| (?:`--([a-z-]+)`|–) \|/gm
const citation = /\bA-\d{2,}\b/g

function rowsOf(text: string): Row[] {
  return [...text.matchAll(rowText)].map(([, id = '', confidence = '', setting = '']) => ({ id, confidence, setting }))
}

function citedIn(root: string): Map<string, string> {
  const files = ['packages', 'e2e', 'bench'].flatMap((folder) => sourceFiles(root, folder))
  const table = 'packages/model/src/assumptions.ts'
  const found = files.flatMap((path) => {
    const ids = path === table ? [] : [...readFileSync(join(root, path), 'utf8').matchAll(citation)]
    return ids.map(([id]) => [id, path] as const)
  })
  return new Map(found)
}

function difference(row: Row | undefined, id: string, { confidence, setting = '' }: Assumption): string[] {
  if (!row) return [`LIMITS.md: has no row for ${id}`]
  const wrong = [
    ['confidence', row.confidence, confidence],
    ['setting', row.setting, setting],
  ].filter(([, written, real]) => written !== real)
  return wrong.map(([what, written, real]) => `LIMITS.md: ${id} has the ${what} "${written}", the model says "${real}"`)
}

/** Compares the text of LIMITS.md, the model's table and the ids that the code cites; what does not agree, in sentences. */
export function compareLimits(
  text: string,
  table: Readonly<Record<string, Assumption>>,
  cited: ReadonlyMap<string, string>,
): string[] {
  const rows = rowsOf(text)
  const twice = rows.filter((row, at) => rows.findIndex(({ id }) => id === row.id) !== at)
  return [
    ...Object.entries(table).flatMap(([id, assumption]) =>
      difference(
        rows.find((row) => row.id === id),
        id,
        assumption,
      ),
    ),
    ...rows.filter(({ id }) => !table[id]).map(({ id }) => `LIMITS.md: explains ${id}, which the model does not know`),
    ...twice.map(({ id }) => `LIMITS.md: explains ${id} twice`),
    ...[...cited]
      .filter(([id]) => !table[id])
      .map(([id, path]) => `${path}: cites ${id}, which the model does not know`),
    ...Object.keys(table)
      .filter((id) => !cited.has(id))
      .map((id) => `packages/model/src/assumptions.ts: nothing cites ${id}`),
  ]
}

/** What does not agree between LIMITS.md, the table of assumptions and the code (features L2). */
export function limitsProblems(root: string): string[] {
  return compareLimits(readFileSync(join(root, 'LIMITS.md'), 'utf8'), assumptions, citedIn(root))
}
