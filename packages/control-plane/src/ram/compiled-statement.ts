import type { AssumptionId, PolicyDocument, PolicyStatement, TouchAssumption } from '@apsaramq/model'
import type { RequestFacts } from './condition-keys.ts'
import { compileConditions, conditionAssumptions, type ConditionTest } from './conditions.ts'
import { matchesWildcard } from './wildcard.ts'

/** Texts, and the same without regard to case: the very same list where there is no difference. */
export interface Patterns {
  asWritten: readonly string[]
  folded: readonly string[]
}

/** A statement made ready to be asked often. */
export interface CompiledStatement {
  effect: PolicyStatement['Effect']
  actions: Patterns
  /** Whether it is about the actions it does not name. */
  excludes: boolean
  resources: Patterns
  unmet: ConditionTest
  restsOn: readonly AssumptionId[]
}

/** Which case counts. */
export interface Comparison {
  action: keyof Patterns
  resource: keyof Patterns
}

/** Texts in both forms. */
export function patterns(texts: string | readonly string[]): Patterns {
  const asWritten = typeof texts === 'string' ? [texts] : texts
  const folded = asWritten.map((text) => text.toLowerCase())
  const isSame = folded.every((text, at) => text === asWritten[at])
  return { asWritten, folded: isSame ? asWritten : folded }
}

function compile(statement: PolicyStatement): CompiledStatement {
  const { Effect: effect, Action, NotAction, Resource, Condition } = statement
  return {
    effect,
    actions: patterns(Action ?? NotAction ?? []),
    excludes: NotAction !== undefined,
    resources: patterns(Resource),
    unmet: compileConditions(Condition),
    restsOn: conditionAssumptions(Condition),
  }
}

/** Documents are never changed, so what one was compiled to is true as long as it is there. */
const compiled = new WeakMap<PolicyDocument, readonly CompiledStatement[]>()

/** The statements of a document, compiled once. */
export function statementsOf(document: PolicyDocument): readonly CompiledStatement[] {
  let statements = compiled.get(document)
  if (!statements) compiled.set(document, (statements = document.Statement.map(compile)))
  return statements
}

const matchesAny = (wanted: readonly string[], texts: readonly string[]) =>
  wanted.some((pattern) => texts.some((text) => matchesWildcard(pattern, text)))

/** A question with its texts in both forms. */
export interface Asked {
  action: Patterns
  resources: Patterns
  facts: RequestFacts
  assume: TouchAssumption
}

/** Whether a statement is about an action on a resource. */
export function isAbout({ actions, excludes, resources }: CompiledStatement, asked: Asked, by: Comparison): boolean {
  return (
    matchesAny(actions[by.action], asked.action[by.action]) !== excludes &&
    matchesAny(resources[by.resource], asked.resources[by.resource])
  )
}

/** Whether only without regard to case a pattern matches; what matches as written matches without regard to case, too. */
function differsByCase(wanted: Patterns, texts: Patterns): boolean {
  if (wanted.asWritten === wanted.folded && texts.asWritten === texts.folded) return false
  return !matchesAny(wanted.asWritten, texts.asWritten) && matchesAny(wanted.folded, texts.folded)
}

/** Whether case makes a difference to what a statement names; where it does to none, it cannot decide. */
export function restsOnLetters({ actions, resources }: CompiledStatement, asked: Asked): boolean {
  return differsByCase(actions, asked.action) || differsByCase(resources, asked.resources)
}
