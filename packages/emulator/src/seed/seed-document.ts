import { readFileSync, statSync } from 'node:fs'
import { isMap, isNode, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { SeedError } from './seed-error.ts'

/** Keys and indices that lead to a value. */
export type SeedPath = readonly (string | number)[]

/** A fault of a seed file: what is wrong, and how it is put right. */
export interface SeedFault {
  path: SeedPath
  says: string
  /** The fault is the key, not its value. */
  atKey?: boolean
}

/** A seed file that could be parsed. */
export interface SeedDocument {
  file: string
  value: unknown
  /** The error that names each fault with its line and column. */
  error(faults: readonly SeedFault[]): SeedError
}

/** A file beyond this is no seed that a person wrote. */
const maxBytes = 64 * 1024 * 1024

/** Faults that are told at once. */
const maxTold = 20

function readText(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > maxBytes) throw new SeedError(`${file}: has ${size} bytes; a seed file may have ${maxBytes}`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof SeedError) throw error
    throw new SeedError(`${file}: the seed file cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Reads a seed file, YAML 1.2 or JSON, which is a part of it.
 *
 * @throws {SeedError} with line and column of the first text that is neither
 */
export function readSeedDocument(file: string): SeedDocument {
  const text = readText(file)
  const lines = new LineCounter()
  // no pretty errors: they show the line, and a line may hold a secret
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const [broken] = [...document.errors, ...document.warnings]
  if (broken)
    throw new SeedError(
      `${at(broken.pos[0])}: is neither YAML nor JSON here: ${sayings[broken.code] ?? 'the text cannot be parsed'}`,
    )
  return {
    file,
    value: valueOf(document, file),
    error: (faults) =>
      new SeedError(
        listed(faults.map((fault) => `${at(offsetOf(document, fault))}: ${pathText(fault.path)} ${fault.says}`)),
      ),
  }
}

/** What the errors of the parser mean; its own sentences quote the text. */
const sayings: Record<string, string> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_INDENT: 'the indentation does not fit that of the lines around it',
  BAD_SCALAR_START: 'a value cannot begin with this character: put it in quotes',
  BAD_DQ_ESCAPE: 'a text in double quotes has an unknown escape',
  DUPLICATE_KEY: 'a key is there twice: remove one',
  MISSING_CHAR: 'a character is missing: a colon, a comma, a quote or a bracket',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line',
  MULTIPLE_DOCS: 'a second document begins: a seed is one',
  TAB_AS_INDENT: 'a tab indents: use spaces',
  UNEXPECTED_TOKEN: 'something stands where nothing can: is a quote, comma or bracket missing before it?',
  UNRESOLVED_TAG: 'the tag is unknown: remove it',
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new SeedError(`${file}: its aliases cannot be resolved: ${(error as Error).message}`, { cause: error })
  }
}

/** Where a fault is: its value, else its key, else the nearest that there is around it. */
function offsetOf({ contents }: Document, { path, atKey }: SeedFault): number {
  let node: unknown = contents
  let offset = startOf(node) ?? 0
  for (const [depth, step] of path.entries()) {
    const { key, value } = childOf(node, step)
    const isLast = depth === path.length - 1
    offset = (isLast && atKey ? undefined : startOf(value)) ?? startOf(key) ?? offset
    node = value
  }
  return offset
}

function childOf(node: unknown, step: string | number): { key?: unknown; value?: unknown } {
  if (isMap(node)) return node.items.find(({ key }) => textOf(key) === String(step)) ?? {}
  return isSeq(node) ? { value: node.items[Number(step)] } : {}
}

function textOf(key: unknown): string {
  return isNode(key) && 'value' in key ? String(key.value) : String(key)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function pathText(path: SeedPath): string {
  if (path.length === 0) return 'the seed'
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at ? '.' : ''}${step}`)).join('')
}

function listed(lines: readonly string[]): string {
  const more = lines.length - maxTold
  return [...lines.slice(0, maxTold), ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}
