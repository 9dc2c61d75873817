import type { LimitChange } from '@apsaramq/control-plane'

/** A change of a limit that cannot be made; the message says why. */
export class LimitChangeError extends Error {
  override readonly name = 'LimitChangeError'
}

const texts = ['rule', 'action', 'accountId'] as const
const example = 'for example {"limit": 1000, "action": "GetRegisterCode"}'

/**
 * Reads a change: `limit`, and where it is not of everyone `rule`, `action` or `accountId`.
 *
 * @throws {LimitChangeError} when it is not such an object; whether there are such a rule, operation and account is asked
 *   later
 */
export function limitChangeOf(body: unknown): LimitChange {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new LimitChangeError(`a change of a limit is an object, ${example}`)
  const { limit, ...target } = body as Record<string, unknown>
  if (limit === undefined) throw new LimitChangeError(`a change of a limit says which limit, ${example}`)
  if (typeof limit !== 'number')
    throw new LimitChangeError(`the limit must be a number; it was ${JSON.stringify(limit)}`)
  return { perSecond: limit, ...targetOf(target) }
}

function targetOf(given: Record<string, unknown>): Pick<LimitChange, (typeof texts)[number]> {
  for (const [name, value] of Object.entries(given)) {
    if (!texts.some((known) => known === name))
      throw new LimitChangeError(`${JSON.stringify(name)} is nothing a limit has: limit, ${texts.join(', ')}`)
    if (typeof value !== 'string' || value === '' || value.length > 128)
      throw new LimitChangeError(`the ${name} must be a text of 1 to 128 characters`)
  }
  return given // only texts, and only those that are known
}
