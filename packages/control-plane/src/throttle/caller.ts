import type { ThrottleScope } from './rule.ts'

/** Who makes a call, as far as a throttle may ask. */
export interface ThrottleCaller {
  accountId: string
  /** The RAM user or the role; undefined for the owner of the account. */
  userId?: string
  /** What the call is signed with; empty where nobody signed. */
  accessKeyId: string
  sourceIp: string
}

/** Whose window a call counts to: the owner of an account is a user of its own. LIMITS A-66 */
export const callerIn: Readonly<Record<ThrottleScope, (caller: ThrottleCaller) => string>> = {
  account: ({ accountId }) => accountId,
  user: ({ accountId, userId }) => (userId === undefined ? accountId : `${accountId}/${userId}`),
  key: ({ accessKeyId, accountId }) => (accessKeyId === '' ? `unsigned/${accountId}` : accessKeyId),
  ip: ({ sourceIp }) => sourceIp,
}
