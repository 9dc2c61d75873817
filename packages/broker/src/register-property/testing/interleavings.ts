import * as fc from 'fast-check'
import { check, type Violation } from './check.ts'
import type { History } from './history.ts'
import { planArbitrary, type Plan, type Reach } from './plan.ts'
import { HangingError, runPlan } from './run.ts'
import { Worlds } from './worlds.ts'

/** What to run. */
export interface Wish {
  /** Plans drawn. */
  count: number
  seed: number
  /** Where a failure of this seed was found: this one plan is run `count` times. */
  path?: string | undefined
  reach: Reach
  onProgress?(done: number): void
}

/** The smallest plan found that breaks a rule, and what happened when it did. */
export interface Failure {
  violations: Violation[]
  plan: Plan
  history: History | undefined
  /** Plans until the first that failed. */
  after: number
  /** Names it to {@link Wish.path}. */
  path: string
}

/** How often a smaller plan may run before it counts as one that does not fail: the machine's pace is part of a race. */
const triesWhenSmaller = 3
/** Smaller plans tried. */
const maxSmaller = 150

/** Runs plans until one breaks a rule, and makes that one smaller. Undefined when none does. */
export async function runInterleavings(wish: Wish): Promise<Failure | undefined> {
  const worlds = new Worlds()
  const seen = { done: 0, smaller: 0, failure: undefined as Omit<Failure, 'path' | 'after'> | undefined, after: 0 }
  async function holds(plan: Plan): Promise<boolean> {
    if (seen.failure && ((seen.smaller += 1) > maxSmaller || hasHung(seen.failure))) return true
    for (let tries = triesOf(wish, seen.failure); tries > 0; tries -= 1) {
      const failure = await failureOf(worlds, plan)
      if (!seen.failure) wish.onProgress?.((seen.done += 1))
      if (!failure) continue
      seen.after ||= seen.done
      seen.failure = failure
      return false
    }
    return true
  }
  try {
    const { counterexamplePath } = await fc.check(fc.asyncProperty(planArbitrary(wish.reach), holds), settingsOf(wish))
    return seen.failure && { ...seen.failure, after: seen.after, path: counterexamplePath ?? '' }
  } finally {
    await worlds.close()
  }
}

function settingsOf({ count, seed, path }: Wish): fc.Parameters<[Plan]> {
  return path === undefined ? { seed, numRuns: count } : { seed, path, endOnFailure: true }
}

function triesOf({ path, count }: Wish, failure: object | undefined): number {
  if (path !== undefined) return count
  return failure ? triesWhenSmaller : 1
}

/** It takes too long to be made smaller. */
function hasHung({ violations }: Pick<Failure, 'violations'>): boolean {
  return violations.some(({ rule }) => rule === endless)
}

const endless = 'every history comes to its end'

async function failureOf(worlds: Worlds, plan: Plan): Promise<Omit<Failure, 'path' | 'after'> | undefined> {
  try {
    const history = await runPlan(await worlds.of(plan.setting), plan)
    const violations = check(history)
    return violations.length > 0 ? { plan, history, violations } : undefined
  } catch (thrown) {
    await worlds.discard(plan.setting)
    const says = thrown instanceof Error ? thrown.message : String(thrown)
    const history = thrown instanceof HangingError ? thrown.history : undefined
    return { plan, history, violations: [{ rule: endless, says }] }
  }
}
