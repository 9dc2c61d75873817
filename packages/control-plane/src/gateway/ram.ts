import { ApiError, refusedAs } from '../api-error.ts'
import type { RefusalForm } from '../errors.ts'
import type { RamRow } from '../operations/define-operation.ts'
import { permissionSets, principalName } from '../ram/permissions.ts'
import {
  allInstancesResources,
  instanceResources,
  judgePolicies,
  restsOnCase,
  type PolicySet,
  type RamJudgment,
  type RamQuestion,
} from '../ram/policy.ts'
import { found, type Call, type Caller } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'

/** What decided, for the log: whose policy and which statement, and the condition where that was it. */
function refusalSentence({ verdict, set, by }: RamJudgment, who: string, action: string, resource: string): string {
  const statement = by && `: statement ${by.statement} of ${by.policy}`
  const clause = by?.unmet && `${by.unmet.operator} ${by.unmet.key}`
  const why = by?.unmet?.actual === undefined ? 'cannot be judged' : `does not hold for ${by.unmet.actual}`
  if (verdict === 'denied') {
    return `a ${set} denies ${who} the action ${action} on ${resource}${statement}${clause ? `, whose condition ${clause} ${why}` : ''}`
  }
  const nearly = statement ? `${statement} would, but its condition ${clause} ${why}` : ''
  return `no ${set} allows ${who} the action ${action} on ${resource}${nearly}`
}

/** What is asked, of whose policies. */
interface Asking {
  who: string
  sets: readonly PolicySet[]
  question: Omit<RamQuestion, 'action'>
}

function check(action: string, deniedAs: RefusalForm, { who, sets, question }: Asking): void {
  const asked = { ...question, action }
  if (restsOnCase(sets, asked)) question.assume('A-32', action)
  const judgment = judgePolicies(sets, asked)
  if (judgment.verdict === 'allowed') return
  const detail = refusalSentence(judgment, who, action, question.resources[0] ?? '')
  throw refusedAs(deniedAs, { detail, cause: 'permission-denied' })
}

function resourcesOf({ instance, caller, action }: Call, { settings, assume }: Plane): string[] {
  if (instance) return instanceResources(instance)
  assume('A-52', action)
  return allInstancesResources(settings.regionId, found(caller, 'the caller').accountId)
}

const usual: RefusalForm = { code: 'PermissionCheckFailed' }

/** A page may have a code of its own for a dependent action that is missing. */
function dependencyForm({ dependencyError, deniedAs }: RamRow): RefusalForm {
  return dependencyError ? { code: dependencyError } : (deniedAs ?? usual)
}

async function checkPermissions(call: Call, caller: Caller, plane: Plane): Promise<void> {
  const { store, assume, clock } = plane
  const { ram } = found(call.operation, 'the operation')
  const facts = { remoteAddress: call.remoteAddress, secure: call.secure, now: clock.now() }
  const asking = {
    who: principalName(caller),
    sets: await permissionSets(caller, store.read, assume),
    question: { resources: resourcesOf(call, plane), facts, assume },
  }
  check(ram.action, ram.deniedAs ?? usual, asking)
  if (ram.inferred) assume('A-31', call.action)
  for (const action of ram.dependsOn) check(action, dependencyForm(ram), asking)
}

/** A token outlives its user, role or account, but there is nobody left to have a permission. */
function holderGone({ operation }: Call, detail: string): ApiError {
  const named = found(operation, 'the operation').errors.includes('CheckAccountInfoFailed')
  const code = named ? 'CheckAccountInfoFailed' : 'PermissionCheckFailed'
  return new ApiError(code, { detail, cause: 'token-holder-gone', restsOn: ['A-47'] })
}

/**
 * Checks that the policies of a RAM user or a role allow the action and what it depends on, and those of a session
 * too; the owner may do everything.
 */
export const ram = gatewayStep({
  name: 'ram',
  after: 'owner',
  errors: ['PermissionCheckFailed', 'InstancePermissionCheckFailed', 'CheckAccountInfoFailed'],
  check(call, plane) {
    const caller = found(call.caller, 'the caller')
    if (caller.gone) throw holderGone(call, caller.gone)
    if (!caller.user && !caller.role && !caller.token) return
    return checkPermissions(call, caller, plane)
  },
})
