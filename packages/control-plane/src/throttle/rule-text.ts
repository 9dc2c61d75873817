import type { ThrottleCaller } from './caller.ts'
import type { RuleDecision } from './rule-in-force.ts'
import type { ThrottleScope } from './rule.ts'

const nameIn: Readonly<Record<ThrottleScope, (caller: ThrottleCaller) => string>> = {
  account: ({ accountId }) => `account ${accountId}`,
  user: ({ accountId, userId }) => (userId === undefined ? `the owner of ${accountId}` : `${userId} of ${accountId}`),
  key: ({ accessKeyId }) => (accessKeyId === '' ? 'who has no access key' : `access key ${accessKeyId}`),
  ip: ({ sourceIp }) => `source address ${sourceIp}`,
}

const spent = {
  sliding: (limit: number) => `made ${limit} calls within a second`,
  fixed: (limit: number) => `made ${limit} calls in this second`,
  bucket: (limit: number) => `has used up its bucket of ${limit} calls a second`,
} as const

function factsOf({ rule, limit }: RuleDecision, caller: ThrottleCaller): string {
  const together = rule.per === 'shared' ? ', of all operations together' : ''
  return `${nameIn[rule.scope](caller)} ${spent[rule.algorithm](limit)}${together}`
}

/** Why a call was refused, and what its client was told. */
export function refusalText(decision: RuleDecision, caller: ThrottleCaller): string {
  return `${factsOf(decision, caller)}; wait ${decision.retryAfterMs} ms`
}

/** That a call has gone on above a limit. @param unsaid how many such calls came before it and were not said */
export function warningText(decision: RuleDecision, caller: ThrottleCaller, action: string, unsaid: number): string {
  const before = unsaid > 0 ? `; ${unsaid} calls before it were above it, too` : ''
  return `${action} went on although ${factsOf(decision, caller)}: ${decision.rule.name} only warns${before}`
}
