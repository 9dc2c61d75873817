import type { TouchAssumption, User } from '@apsaramq/model'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import { instanceResources, judgePolicies, restsOnCase } from '../ram/policy.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** What the policies of a user are asked. */
interface Question {
  user: User
  action: string
  resources: readonly string[]
}

function checkAction({ user, action, resources }: Question, code: ErrorCode, assume: TouchAssumption): void {
  if (restsOnCase(user.policies, action, resources)) assume('A-32', action)
  const verdict = judgePolicies(user.policies, action, resources)
  if (verdict === 'allowed') return
  const why = verdict === 'denied' ? 'a policy denies' : 'no policy allows'
  throw new ApiError(code, { detail: `${why} RAM user ${user.name} the action ${action} on ${resources[0]}` })
}

/** Checks that the policies of a RAM user allow the action and what it depends on; the owner may do everything. */
export const ram = gatewayStep({
  name: 'ram',
  after: 'owner',
  errors: ['PermissionCheckFailed', 'InstancePermissionCheckFailed'],
  check(call, { assume }) {
    const user = call.caller?.user
    if (!user) return
    const row = found(call.operation, 'the operation').ram
    const resources = instanceResources(found(call.instance, 'the instance'))
    checkAction({ user, action: row.action, resources }, 'PermissionCheckFailed', assume)
    if (row.inferred) assume('A-31', call.action)
    for (const action of row.dependsOn) {
      checkAction({ user, action, resources }, row.dependencyError ?? 'PermissionCheckFailed', assume)
    }
  },
})
