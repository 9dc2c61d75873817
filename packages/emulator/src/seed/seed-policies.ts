import { parsePolicy, PolicyError } from '@apsaramq/control-plane'
import { systemPolicyNames, type AttachedPolicy, type PolicyDocument } from '@apsaramq/model'
import type { SeedPath } from './seed-document.ts'
import type { SeedFaults } from './seed-faults.ts'
import type { SeedContent } from './seed-schema.ts'

/** Policies as a list of a seed has them: names and documents. */
type Written = readonly (string | object)[] | undefined

/** Turns the lists of policies of a seed into what is attached. */
export type ResolvePolicies = (written: Written, path: SeedPath) => AttachedPolicy[]

/** Checks the named policies of a seed, and resolves the lists that use them. */
export function resolvePolicies({ policies = {} }: SeedContent, faults: SeedFaults): ResolvePolicies {
  const named = new Map<string, PolicyDocument | undefined>()
  for (const [name, document] of Object.entries(policies)) {
    named.set(name, parsed(document, ['policies', name], faults))
    if (isSystemPolicy(name)) faults.add(['policies', name], 'is the name of a policy of the product: choose another')
  }
  const resolve = (policy: string | object, path: SeedPath): AttachedPolicy | undefined => {
    if (typeof policy === 'object') return parsed(policy, path, faults)
    if (named.has(policy)) return named.get(policy)
    if (isSystemPolicy(policy)) return policy
    const known = [...named.keys(), ...systemPolicyNames].join(', ')
    faults.add(path, `is the name of no policy: add it to policies, or take one of ${known}`)
    return undefined
  }
  return (written = [], path) =>
    written.map((policy, at) => resolve(policy, [...path, at])).filter((policy) => policy !== undefined)
}

function isSystemPolicy(name: string): name is (typeof systemPolicyNames)[number] {
  return systemPolicyNames.some((known) => known === name)
}

function parsed(document: object, path: SeedPath, faults: SeedFaults): PolicyDocument | undefined {
  try {
    return parsePolicy(document)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const says = error.message.slice(error.path === '' ? 'the policy'.length : error.path.length).trim()
    faults.add([...path, ...stepsOf(error.path)], says)
    return undefined
  }
}

/** `Statement[0].Action` → Statement, 0, Action. */
function stepsOf(path: string): SeedPath {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? key! : Number(index),
  )
}
