import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the tests of documented errors are listed: test file → operation → code → ways to provoke it. */
export const documentedErrorsPath = 'e2e/02-operations/documented-errors.json'

/** A code of an operation, and the test that has it answered over the wire. */
export interface Provoked {
  operation: string
  code: string
  how: string
  /** From the root of the repository. */
  file: string
}

/** The title of the test, the same in every file. */
export function titleOf({ operation, code, how }: Provoked): string {
  return `B4: ${operation} answers ${code}: ${how}`
}

type Table = Record<string, Record<string, Record<string, string[]>>>

function rowsOf(table: Table): Provoked[] {
  return Object.entries(table).flatMap(([file, byOperation]) =>
    Object.entries(byOperation).flatMap(([operation, byCode]) =>
      Object.entries(byCode).flatMap(([code, hows]) => hows.map((how) => ({ operation, code, how, file }))),
    ),
  )
}

/** The table of this checkout. */
export function provokedErrors(root = dirname(import.meta.dirname)): Provoked[] {
  return rowsOf(JSON.parse(readFileSync(join(root, documentedErrorsPath), 'utf8')) as Table) // checked by errorProblems
}

/** What an operation says of its errors. */
export interface Errors {
  action: string
  errors: readonly string[]
}

/**
 * What is wrong with the table: a listed error without a test, a test of an error that is not listed, one that stands
 * twice, or a title that its file does not have.
 *
 * @param sourceOf text of a test file
 */
export function errorProblems(
  served: readonly Errors[],
  rows: readonly Provoked[],
  sourceOf: (file: string) => string,
): string[] {
  const listed = served.flatMap(({ action, errors }) => errors.map((code) => `${action} ${code}`))
  const provoked = new Set(rows.map(({ operation, code }) => `${operation} ${code}`))
  const titles = rows.map(titleOf)
  return [
    ...listed.filter((one) => !provoked.has(one)).map((one) => `${one}: no test provokes it`),
    ...[...provoked].filter((one) => !listed.includes(one)).map((one) => `${one}: the operation does not list it`),
    ...titles.filter((title, at) => titles.indexOf(title) < at).map((title) => `${title}: stands twice`),
    ...rows.filter((row) => !hasTest(row, sourceOf)).map((row) => `${row.file}: has no test "${titleOf(row)}"`),
  ]
}

/** A file writes its titles out, or makes them of the rows of the table by the template. */
function hasTest(row: Provoked, sourceOf: (file: string) => string): boolean {
  const source = sourceOf(row.file)
  const template = `documentedErrorsOf('${row.file}')`
  return (
    source.includes(titleOf(row)) ||
    (source.includes(template) && source.includes('B4: $operation answers $code: $how'))
  )
}
