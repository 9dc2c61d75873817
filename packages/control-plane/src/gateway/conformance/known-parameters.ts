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

const namesOf = new WeakMap<Operation, ReadonlySet<string>>()

function namesReadBy(operation: Operation): ReadonlySet<string> {
  const found = namesOf.get(operation)
  if (found) return found
  const names = new Set(Object.keys(operation.params.properties))
  namesOf.set(operation, names)
  return names
}

/** Whether something reads a parameter of a call. */
export function isRead(name: string, scheme: Call['scheme'], operation: Operation): boolean {
  return common[scheme].has(name) || namesReadBy(operation).has(name)
}

/** The parameter that a name was probably meant for: one of the operation's that the call does not send. */
export function suggestionFor(name: string, sent: object, operation: Operation): string | undefined {
  const candidates = [...namesReadBy(operation)].filter((one) => !Object.hasOwn(sent, one))
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
