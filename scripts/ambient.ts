import { sourceFiles } from './source/files.ts'
import { type SourceFile, type SyntaxNode, nodesOf, placeOf, readSource } from './source/syntax.ts'
import { importsOf } from './source/imports.ts'

/** Where time may be taken from the machine. */
const allowed = new Set(['packages/model/src/clock.ts'])
const timerModule = /^node:timers/
const timerGlobals = /^(globalThis\.)?set(Timeout|Interval)$/ // setImmediate yields, and measures nothing
const timeAndChance = /^(globalThis\.)?(Date\.now|performance\.now|process\.hrtime(\.bigint)?|Math\.random)$/

/** `a.b.c` of a chain of names; empty for anything else. */
function dotted(node: unknown): string {
  const { type, name, object, property } = node as { type: string; name?: string; object?: unknown; property?: unknown }
  if (type === 'Identifier') return name ?? ''
  if (type !== 'MemberExpression') return ''
  const [left, right] = [dotted(object), dotted(property)]
  return left && right ? `${left}.${right}` : ''
}

function taken(node: SyntaxNode): string | undefined {
  if (node.type === 'NewExpression' && dotted(node['callee']) === 'Date') {
    return (node['arguments'] as unknown[]).length === 0 ? 'new Date()' : undefined
  }
  if (node.type === 'CallExpression') {
    const name = dotted(node['callee'])
    return name === 'Date' || timerGlobals.test(name) ? `${name}()` : undefined
  }
  return node.type === 'MemberExpression' && timeAndChance.test(dotted(node)) ? dotted(node) : undefined
}

function problemsOf(file: SourceFile): string[] {
  const timers = importsOf(file).filter(({ specifier, names }) => {
    return timerModule.test(specifier) && names.join() !== 'setImmediate'
  })
  const uses = [...nodesOf(file.program)].flatMap((node) => {
    const what = taken(node)
    return what ? [`${placeOf(file, node)}: ${what} takes time or chance from the air: take a Clock or a Random`] : []
  })
  return [...timers.map(({ place, specifier }) => `${place}: ${specifier}: take a Clock`), ...uses]
}

/** Every place in the packages that asks the machine for time or chance instead of taking a Clock or a Random. */
export function ambientProblems(root: string): string[] {
  const files = sourceFiles(root, 'packages').filter((path) => !path.endsWith('.test.ts') && !allowed.has(path))
  return files.flatMap((path) => problemsOf(readSource(root, path)))
}
