import { systemPolicyNames, type AttachedPolicy, type PolicyDocument, type PolicyStatement } from '@apsaramq/model'
import { parseConditions } from './parse-conditions.ts'
import { PolicyError } from './policy-error.ts'

/**
 * Characters a policy may have, white space aside. RAM's pages give 2,048 and, later, more: this is the emulator's bound,
 * so that judging a call stays cheap.
 */
export const maxPolicyLength = 6144

const actionText = /^(\*|[^\s:]+:[^\s]+)$/
const resourceText = /^(\*|acs:\S+)$/

/** An object with no other fields than those named. */
function fieldsOf(input: unknown, path: string, known: readonly string[]): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new PolicyError(path, 'is not an object')
  const unknown = Object.keys(input).find((name) => !known.includes(name))
  if (unknown === undefined) return input as Record<string, unknown>
  throw new PolicyError(path, `has ${unknown.slice(0, 64)}, which is none of ${known.join(', ')}`)
}

function textList(input: unknown, path: string, form: RegExp, expects: string): string | string[] {
  const isList = Array.isArray(input)
  const texts: unknown[] = isList ? input : [input]
  if (texts.length === 0) throw new PolicyError(path, 'is empty')
  const wrong = texts.findIndex((text) => typeof text !== 'string' || !form.test(text))
  if (wrong >= 0) throw new PolicyError(isList ? `${path}[${wrong}]` : path, `is not ${expects}`)
  return input as string | string[] // each was looked at
}

function parseActions(fields: Record<string, unknown>, path: string) {
  const { Action, NotAction } = fields
  if ((Action === undefined) === (NotAction === undefined)) {
    throw new PolicyError(path, 'has not one of Action and NotAction')
  }
  const read = (input: unknown, name: string) =>
    textList(input, `${path}.${name}`, actionText, 'an action as mq:GetCaCertificate, with * and ? as wildcards, or *')
  return Action === undefined ? { NotAction: read(NotAction, 'NotAction') } : { Action: read(Action, 'Action') }
}

/** Whether a statement can be about this product: only then can its condition be judged here, and must be. */
function concernsProduct({ Action, NotAction }: ReturnType<typeof parseActions> & Partial<PolicyStatement>): boolean {
  if (NotAction !== undefined || Action === undefined) return true
  const services = [Action].flat().map((action) => action.split(':', 1)[0]!.toLowerCase())
  return services.some((service) => service === 'mq' || /[*?]/.test(service))
}

function parseStatement(input: unknown, path: string): PolicyStatement {
  const fields = fieldsOf(input, path, ['Effect', 'Action', 'NotAction', 'Resource', 'Condition'])
  const { Effect, Resource, Condition } = fields
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new PolicyError(`${path}.Effect`, 'is neither Allow nor Deny')
  const actions = parseActions(fields, path)
  const resources = textList(Resource, `${path}.Resource`, resourceText, 'a resource as acs:mq:*:*:…, or *')
  const conditions =
    Condition === undefined
      ? {}
      : { Condition: parseConditions(Condition, `${path}.Condition`, concernsProduct(actions)) }
  return { Effect, ...actions, Resource: resources, ...conditions }
}

/**
 * Checks a RAM policy (RAM, policy structure and syntax): whatever could not be judged later is refused now.
 *
 * @param input what JSON or YAML was read to
 * @throws {PolicyError} which names the place of the fault and what would be right there
 * @example parsePolicy({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'mq:Get*', Resource: '*' }] })
 */
export function parsePolicy(input: unknown): PolicyDocument {
  const { Version, Statement } = fieldsOf(input, '', ['Version', 'Statement'])
  if (Version !== '1') throw new PolicyError('Version', 'is not "1", the only version there is')
  if (!Array.isArray(Statement) || Statement.length === 0) {
    throw new PolicyError('Statement', 'is not a list of at least one statement')
  }
  const policy: PolicyDocument = {
    Version,
    Statement: Statement.map((statement, at) => parseStatement(statement, `Statement[${at}]`)),
  }
  const { length } = JSON.stringify(policy)
  if (length > maxPolicyLength) throw new PolicyError('', `has ${length} characters, more than ${maxPolicyLength}`)
  return policy
}

/** Checks what is attached to a user, a group or a role: a policy, or the name of a system policy. @throws {PolicyError} */
export function parseAttachedPolicy(input: unknown): AttachedPolicy {
  if (typeof input !== 'string') return parsePolicy(input)
  const name = systemPolicyNames.find((one) => one === input)
  if (name) return name
  throw new PolicyError('', `is no system policy: there are ${systemPolicyNames.join(', ')}`)
}
