import * as fc from 'fast-check'
import { connectFault } from './connect-verdict.ts'
import { firstPackets, rightSessions, wrongSessions, type Recipe } from './recipe.ts'
import { sessionFault } from './session-verdict.ts'

const kinds = {
  right: { recipes: rightSessions, faultOf: sessionFault },
  wrong: { recipes: wrongSessions, faultOf: sessionFault },
  connect: { recipes: firstPackets, faultOf: connectFault },
}

/** What is tried: sessions that are right, sessions that are spoilt, first packets of both sorts. */
export type FuzzKind = keyof typeof kinds

/** All that there is to try. */
export const fuzzKinds = Object.keys(kinds) as FuzzKind[] // its own keys

/** Where a failure stands, and what was sent. */
export interface Failure {
  kind: FuzzKind
  seed: number
  /** Where in the draws of the seed it stands. */
  path: string
  says: string
  connect: string
  bytes: string
  steps: readonly number[]
}

/** Tries so many of a kind. @returns the first that goes wrong, made as small as it could be */
export function fuzz(kind: FuzzKind, seed: number, count: number, path?: string): Failure | undefined {
  const { recipes, faultOf } = kinds[kind]
  const property = fc.property(recipes, (recipe: Recipe) => {
    const fault = faultOf(recipe)
    if (fault) throw new Error(fault)
  })
  const outcome = fc.check(property, { seed, numRuns: count, ...(path && { path }) })
  if (!outcome.failed) return undefined
  const [{ connect, bytes, steps }] = outcome.counterexample!
  return {
    kind,
    seed,
    path: outcome.counterexamplePath!,
    says: String(outcome.errorInstance),
    connect: connect.toString('hex'),
    bytes: bytes.toString('hex'),
    steps,
  }
}
