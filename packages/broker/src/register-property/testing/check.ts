import type { History } from './history.ts'
import { admissionRules } from './admission-rules.ts'
import { endingRules } from './ending-rules.ts'
import { messageRules } from './message-rules.ts'

/** A rule, in the words in which its break is told: one sentence a break. */
export interface Rule {
  name: string
  broken(history: History): string[]
}

/** A rule that a history breaks. */
export interface Violation {
  rule: string
  says: string
}

/** All that is asked of a history. */
export const rules: readonly Rule[] = [...admissionRules, ...endingRules, ...messageRules]

/** Checks a history as a register, both ways: what must not have happened, and what must. */
export function check(history: History): Violation[] {
  return rules.flatMap(({ name, broken }) => broken(history).map((says) => ({ rule: name, says })))
}
