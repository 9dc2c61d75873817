import type { Operation } from '../../operations/define-operation.ts'
import { editsBetween } from '../near-miss/edits.ts'
import type { Call } from '../call.ts'

/** Read by the gateway, or sent by SDKs with every call of every product (RPC request structure). */
const inEveryCall = ['Format', 'RegionId', 'OwnerAccount', 'OwnerId', 'ResourceOwnerAccount', 'ResourceOwnerId']

/** The common parameters of a scheme: what V1 has as a parameter V3 has as a header. */
const common: Readonly<Record<Call['scheme'], ReadonlySet<string>>> = {
  V1: new Set([
    ...inEveryCall,
    'Action',
    'Version',
    'AccessKeyId',
    'SecurityToken',
    'Signature',
    'SignatureMethod',
    'SignatureNonce',
    'SignatureType',
    'SignatureVersion',
    'Timestamp',
  ]),
  V3: new Set(inEveryCall),
}

interface Known {
  names: ReadonlySet<string>
  /** Of parameters that carry a number, such as ClientIdList.1. */
  patterns: readonly RegExp[]
}

const knownOf = new WeakMap<Operation, Known>()

function known(operation: Operation): Known {
  const found = knownOf.get(operation)
  if (found) return found
  const { properties, patternProperties = {} } = operation.params as Operation['params'] & {
    patternProperties?: Record<string, unknown>
  }
  const patterns = Object.keys(patternProperties).map((pattern) => new RegExp(pattern))
  const made = { names: new Set(Object.keys(properties)), patterns }
  knownOf.set(operation, made)
  return made
}

/** Whether something reads a parameter of a call. */
export function isRead(name: string, scheme: Call['scheme'], operation: Operation): boolean {
  if (common[scheme].has(name)) return true
  const { names, patterns } = known(operation)
  return names.has(name) || patterns.some((pattern) => pattern.test(name))
}

/** The parameter that a name was probably meant for: one of the operation's that the call does not send. */
export function suggestionFor(name: string, sent: object, operation: Operation): string | undefined {
  const candidates = [...known(operation).names].filter((one) => !Object.hasOwn(sent, one))
  const asked = name.toLowerCase()
  const rules = [
    (one: string) => one === asked,
    (one: string) => one.endsWith(asked) || asked.endsWith(one), // InstanceId and MqttInstanceId
    (one: string) => editsBetween(one, asked) !== undefined,
  ]
  for (const rule of rules) {
    const found = candidates.find((one) => rule(one.toLowerCase()))
    if (found !== undefined) return found
  }
  return undefined
}
