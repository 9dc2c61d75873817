import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

/** A node of the syntax tree, as ESTree has it. */
export interface SyntaxNode {
  type: string
  start: number
  [property: string]: unknown
}

/** A source file and its tree. */
export interface SourceFile {
  /** From the root of the repository. */
  path: string
  text: string
  program: SyntaxNode
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Parses a file. @throws Error naming the file, where it is not TypeScript */
export function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  return { path, text, program: program as unknown as SyntaxNode } // the parser's own types name every kind of node
}

/** Every node of the tree, parents before their children. */
export function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* nodesOf(child)
  }
}

/** `path:line` of a node, as editors and terminals link it. */
export function placeOf(file: SourceFile, node: SyntaxNode): string {
  return `${file.path}:${file.text.slice(0, node.start).split('\n').length}`
}
