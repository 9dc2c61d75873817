import { type SourceFile, type SyntaxNode, nodesOf, placeOf } from './syntax.ts'

/** One import of a file, of whatever kind. */
export interface Import {
  specifier: string
  /** `path:line` */
  place: string
  /** Gone at run time. */
  typeOnly: boolean
  /** What an import declaration takes, by the names it has there; empty for every other kind. */
  names: string[]
}

const importingNodes = new Set([
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'ImportExpression',
  'TSImportType',
])

/** What `require('x')` and `import.meta.resolve('x')` name. */
function calledWith(node: SyntaxNode): unknown {
  if (node.type !== 'CallExpression') return undefined
  const { name, property } = node['callee'] as { name?: string; property?: { name?: string } }
  const loads = name === 'require' || (property?.name === 'resolve' && isImportMeta(node['callee'] as SyntaxNode))
  return loads ? (node['arguments'] as unknown[])[0] : undefined
}

function isImportMeta(callee: SyntaxNode): boolean {
  return (callee['object'] as SyntaxNode | undefined)?.type === 'MetaProperty'
}

function specifierOf(node: SyntaxNode): string | undefined {
  const source = importingNodes.has(node.type) ? node['source'] : calledWith(node)
  const value = (source as { value?: unknown } | null | undefined)?.value
  return typeof value === 'string' ? value : undefined
}

function isTypeOnly(node: SyntaxNode): boolean {
  return node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type'
}

function namesOf(node: SyntaxNode): string[] {
  const specifiers = node.type === 'ImportDeclaration' ? (node['specifiers'] as SyntaxNode[]) : []
  return specifiers.map((specifier) => (specifier['imported'] as { name?: string } | undefined)?.name ?? '*')
}

/** Every import of a file: static, dynamic, of types, re-exports, `require` and `import.meta.resolve`. */
export function importsOf(file: SourceFile): Import[] {
  return [...nodesOf(file.program)].flatMap((node) => {
    const specifier = specifierOf(node)
    if (specifier === undefined) return []
    return [{ specifier, place: placeOf(file, node), typeOnly: isTypeOnly(node), names: namesOf(node) }]
  })
}
