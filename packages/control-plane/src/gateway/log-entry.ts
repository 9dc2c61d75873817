import type { LogEntryInput } from '@apsaramq/model'
import type { Call } from './call.ts'

const maxLength = 128

/** A value of a request as the log keeps it: of bounded length, and only where there is one. */
function clipped(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value.length > maxLength ? `${value.slice(0, maxLength)}…` : value
}

function addSubject(entry: LogEntryInput, { parameters, instance }: Call): void {
  const instanceId = instance?.id ?? clipped(parameters.MqttInstanceId ?? parameters.InstanceId)
  const deviceSn = clipped(parameters.DeviceSn)
  const caSn = clipped(parameters.CaSn ?? parameters.Sn)
  const clientId = clipped(parameters.ClientId)
  if (instanceId) entry.instanceId = instanceId
  if (clientId) entry.clientId = clientId
  if (deviceSn) entry.deviceSn = deviceSn
  if (caSn) entry.caSn = caSn
}

function addCaller(entry: LogEntryInput, { accessKeyId, caller }: Call): void {
  const id = clipped(accessKeyId)
  if (id) entry.accessKeyId = id
  if (!caller) return
  entry.accountId = caller.accountId
  const holder = caller.user ?? caller.role
  if (holder) entry.userName = holder.name
}

function addThrottle(entry: LogEntryInput, { verdict }: Call): void {
  if (!verdict?.decisive) return
  const { rule, admitted, limit, used, retryAfterMs } = verdict.decisive
  entry.throttle = { rule: rule.name, admitted, limit, used, retryAfterMs }
  if (verdict.warnedBy.length > 0) entry.throttle.warnedBy = verdict.warnedBy
}

/** The one entry of a call: who asked what, and how it ended. Never a secret, a token or a signature. */
export function logEntryOf(call: Call, status: number, now: number): LogEntryInput {
  const action = call.operation?.action ?? clipped(call.action)
  const { refusal, nearMiss } = call
  const near = nearMiss === undefined ? '' : `; near miss: ${nearMiss}`
  const entry: LogEntryInput = {
    plane: 'api',
    kind: 'call',
    message: `${action ?? 'a call'} ${refusal ? `was refused: ${refusal.detail}${near}` : 'was done'}`,
    requestId: call.requestId,
    status,
    remoteAddress: call.remoteAddress,
    durationMs: Math.round((now - call.startedAt) * 1000) / 1000,
  }
  if (action) entry.action = action
  if (refusal) Object.assign(entry, { cause: refusal.reason, code: refusal.code })
  addCaller(entry, call)
  addThrottle(entry, call)
  addSubject(entry, call)
  return entry
}
