import type { LogEntryInput } from '@apsaramq/model'
import type { Parameters } from '../signature/form-parameters.ts'
import type { Call } from './call.ts'

const maxLength = 128

/** A value of a request as the log keeps it: of bounded length, and only where there is one. */
function clipped(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value.length > maxLength ? `${value.slice(0, maxLength)}…` : value
}

function subjectOf(parameters: Parameters): Partial<LogEntryInput> {
  const instanceId = clipped(parameters.MqttInstanceId ?? parameters.InstanceId)
  const deviceSn = clipped(parameters.DeviceSn)
  const caSn = clipped(parameters.CaSn ?? parameters.Sn)
  const clientId = clipped(parameters.ClientId)
  return {
    ...(instanceId && { instanceId }),
    ...(clientId && { clientId }),
    ...(deviceSn && { deviceSn }),
    ...(caSn && { caSn }),
  }
}

/** The one entry of a call: who asked what, and how it ended. Never a secret, a token or a signature. */
export function logEntryOf(call: Call, status: number, now: number): LogEntryInput {
  const action = clipped(call.action)
  const accessKeyId = clipped(call.accessKeyId)
  const { refusal, nearMiss } = call
  const near = nearMiss === undefined ? '' : `; near miss: ${nearMiss}`
  return {
    plane: 'api',
    kind: 'call',
    message: `${action ?? 'a call'} ${refusal ? `was refused: ${refusal.detail}${near}` : 'was done'}`,
    requestId: call.requestId,
    status,
    ...(refusal && { cause: refusal.reason, code: refusal.code }),
    ...(accessKeyId && { accessKeyId }),
    ...(call.caller && { accountId: call.caller.accountId }),
    ...(action && { action }),
    ...subjectOf(call.parameters),
    remoteAddress: call.remoteAddress,
    durationMs: Math.round((now - call.startedAt) * 1000) / 1000,
  }
}
