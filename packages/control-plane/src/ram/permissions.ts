import type { AttachedPolicy, Role, SecurityToken, TouchAssumption, User } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import type { PolicySet, PolicySource } from './policy.ts'
import { systemPolicies } from './system-policies.ts'

/** Who is asked for permission: a RAM user, a role, or the owner of the account, perhaps by a security token. */
export interface Principal {
  user?: User
  role?: Role
  token?: SecurityToken
}

/** A principal as the log names it. */
export function principalName({ user, role, token }: Principal): string {
  const session = token ? ` (session ${token.sessionName})` : ''
  if (user) return `RAM user ${user.name}${session}`
  return role ? `role ${role.name}${session}` : `the account owner${session}`
}

function sourcesOf(policies: readonly AttachedPolicy[], holder: string, assume: TouchAssumption): PolicySource[] {
  return policies.map((policy, at) => {
    if (typeof policy !== 'string') return { name: `policy ${at + 1} of ${holder}`, document: policy }
    if (policy === 'AliyunMQSubOnlyAccess') assume('A-48', holder)
    return { name: `${policy} of ${holder}`, document: systemPolicies[policy] }
  })
}

async function groupSources({ groupIds = [] }: User, read: Reader, assume: TouchAssumption): Promise<PolicySource[]> {
  const groups = await Promise.all(groupIds.map((id) => read.userGroups.get(id)))
  return groups.flatMap((group) => (group ? sourcesOf(group.policies, `group ${group.name}`, assume) : []))
}

async function identitySources({ user, role }: Principal, read: Reader, assume: TouchAssumption) {
  if (role) return sourcesOf(role.policies, `role ${role.name}`, assume)
  if (!user) return undefined
  return [...sourcesOf(user.policies, `RAM user ${user.name}`, assume), ...(await groupSources(user, read, assume))]
}

/**
 * What a principal may do: the policies of a user and its groups count together, those of a session narrow them. A
 * session policy is all that limits a token of the owner. LIMITS A-49
 */
export async function permissionSets(
  principal: Principal,
  read: Reader,
  assume: TouchAssumption,
): Promise<PolicySet[]> {
  const identity = await identitySources(principal, read, assume)
  const { token } = principal
  if (token && !identity) assume('A-49', token.sessionName)
  const own: PolicySet[] = identity ? [{ kind: 'policy', policies: identity }] : []
  if (!token?.policy) return own
  const policies = [{ name: `the session policy of ${token.accessKeyId}`, document: token.policy }]
  return [...own, { kind: 'session policy', policies }]
}
