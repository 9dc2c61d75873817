import { managementClient, signedClient, type Endpoints } from '@apsaramq/testkit'
import * as fc from 'fast-check'
import { certificateOperations, otherOperations, sessionOperations } from '../operation-names.ts'
import { recipes, type Recipe } from './recipe.ts'
import { faultsOf } from './verdict.ts'

const actions = [...certificateOperations, ...sessionOperations, otherOperations[0]]

/** A recipe after which something is wrong, made as small as it could be. */
export interface Failure {
  seed: number
  /** Where in the draws of the seed it stands. */
  path: string
  recipe: Recipe
  says: string
}

/** Whether the program answers a call that is right, and still holds what the seed put there. */
export async function isServing(endpoints: Endpoints): Promise<boolean> {
  const client = signedClient({ ...endpoints, endpoint: endpoints.api })
  try {
    const { status } = await client.call('ListInstances')
    const health = (await managementClient(endpoints.management).request('GET', '/health')) as object
    return status === 200 && 'pid' in health
  } finally {
    client.close()
  }
}

/** Tries recipes one after the other. @returns the first after which something is wrong */
export async function fuzz(endpoints: Endpoints, seed: number, count: number): Promise<Failure | undefined> {
  const property = fc.asyncProperty(recipes(actions, endpoints.instanceId), async (recipe) => {
    const faults = await faultsOf(recipe, endpoints)
    if (faults.length > 0) throw new Error(faults.join('; '))
  })
  const outcome = await fc.check(property, { seed, numRuns: count })
  if (!outcome.failed) return undefined
  const [recipe] = outcome.counterexample!
  return { seed, path: outcome.counterexamplePath!, recipe, says: String(outcome.errorInstance) }
}
