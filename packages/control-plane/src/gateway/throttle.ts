import { ApiError } from '../api-error.ts'
import type { ThrottleCaller } from '../throttle/caller.ts'
import { refusalText, warningText } from '../throttle/rule-text.ts'
import type { RuleDecision } from '../throttle/rule-in-force.ts'
import type { Verdict } from '../throttle/verdict.ts'
import { found, type Call } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'

/** A listener on `::` shows IPv4 clients so. */
const mappedV4 = '::ffff:'

function callerOf(call: Call): ThrottleCaller {
  const { accountId, user, role, accessKey } = found(call.caller, 'the caller')
  const { remoteAddress } = call
  const userId = user?.id ?? (role && `role/${role.id}`)
  return {
    accountId,
    ...(userId !== undefined && { userId }),
    accessKeyId: accessKey?.id ?? '',
    sourceIp: remoteAddress.startsWith(mappedV4) ? remoteAddress.slice(mappedV4.length) : remoteAddress,
  }
}

/** Says that a call is above a limit that only warns: once a second at most, with how many were not said. */
function warn(call: Call, { warnings, log, assume }: Plane, caller: ThrottleCaller, { decisions, warnedBy }: Verdict) {
  for (const { rule } of decisions) {
    if (!warnedBy.includes(rule.name)) continue
    for (const id of rule.restsOn ?? []) assume(id, `${call.action}: ${caller.sourceIp}`)
  }
  const unsaid = warnings.next()
  const decision = decisions.find(({ rule }) => rule.name === warnedBy[0])
  if (unsaid === undefined || !decision) return
  const message = warningText(decision, caller, call.action, unsaid)
  const { requestId, remoteAddress, action } = call
  log.write({ plane: 'api', kind: 'warn', cause: 'source-ip-above-limit', message, requestId, remoteAddress, action })
}

function refusal(call: Call, caller: ThrottleCaller, decision: RuleDecision): ApiError {
  const { assumed } = found(call.operation, 'the operation').quota
  const restsOn = [...(decision.rule.restsOn ?? []), ...(assumed ? [assumed] : [])]
  return new ApiError(decision.rule.code, { restsOn, detail: refusalText(decision, caller) })
}

/** Counts the call by every rule, and refuses it where one that is enforced has had enough. LIMITS */
export const throttle = gatewayStep({
  name: 'throttle',
  after: 'declined',
  errors: ['Throttling.User', 'Throttling.Api', 'Throttling'],
  check(call, plane) {
    const caller = callerOf(call)
    const verdict = plane.throttle.admit(caller, call.action)
    call.verdict = verdict
    if (verdict.warnedBy.length > 0) warn(call, plane, caller, verdict)
    if (!verdict.admitted) throw refusal(call, caller, found(verdict.decisive, 'the decision'))
  },
})
