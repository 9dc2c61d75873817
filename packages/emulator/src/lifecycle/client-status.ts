import { causes, type Cause, type LogEntry } from '@apsaramq/model'

/** Why a session began or ended: a cause of the one list, or one of the ways that need none. */
export type StatusReason = Cause | 'accepted' | 'disconnected-by-client' | 'closed-by-client'

/** What the vendor's trace of a device says in ActionInfo (QueryMqttTraceDevice). */
export const actionInfos = [
  'accepted',
  'not authorized',
  'clientId conflict',
  'resource auth failed',
  'no heart',
  'closed by client',
  'disconnected by client',
  'invalid param',
  'Socket IOException',
] as const

type ActionInfo = (typeof actionInfos)[number]

/** A client status notice: the vendor's five fields, and what the emulator knows beside them. LIMITS A-76 */
export interface ClientStatusNotice {
  clientId: string
  /** Epoch milliseconds. */
  time: number
  /** `disconnect` a DISCONNECT was received · `tcpclean` the connection has gone. */
  eventType: 'connect' | 'disconnect' | 'tcpclean'
  /** The connection; the same in all notices of one. */
  channelId: string
  clientIp: string
  instanceId: string
  /** `seq` of the log entry it comes of. */
  seq: number
  reason: StatusReason
  /** The nearest of the documented words. LIMITS A-78 */
  actionInfo: ActionInfo
}

/** JSON Schema of a notice. */
export const clientStatusSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['clientId', 'time', 'eventType', 'channelId', 'clientIp', 'instanceId', 'seq', 'reason', 'actionInfo'],
  properties: {
    clientId: { type: 'string', minLength: 1 },
    time: { type: 'integer', minimum: 0 },
    eventType: { enum: ['connect', 'disconnect', 'tcpclean'] },
    channelId: { type: 'string', minLength: 1 },
    clientIp: { type: 'string', minLength: 1 },
    instanceId: { type: 'string', minLength: 1 },
    seq: { type: 'integer', minimum: 1 },
    reason: { enum: ['accepted', 'disconnected-by-client', 'closed-by-client', ...Object.keys(causes)] },
    actionInfo: { enum: [...actionInfos] },
  },
} as const

/** Where the list has no word it is `Socket IOException`. */
const actionInfoByCause: Partial<Record<Cause, ActionInfo>> = {
  'device-inactive': 'not authorized',
  'device-deleted': 'not authorized',
  'ca-inactive': 'not authorized',
  'ca-deleted': 'not authorized',
  'certificate-expired': 'not authorized',
  'session-taken-over': 'clientId conflict',
  'topic-not-allowed': 'resource auth failed',
  'keep-alive-expired': 'no heart',
  'protocol-error': 'invalid param',
  'packet-too-large': 'invalid param',
  'payload-too-large': 'invalid param',
  'qos-not-supported': 'invalid param',
  'too-many-subscriptions': 'invalid param',
}

type Happening = Pick<ClientStatusNotice, 'eventType' | 'reason' | 'actionInfo'>

/** The notices of a log entry, in order; none where it is not about the beginning or the end of a session. */
export function noticesOf(entry: LogEntry): ClientStatusNotice[] {
  const { seq, at, clientId, sessionId, instanceId, remoteAddress } = entry
  if (clientId === undefined || sessionId === undefined || instanceId === undefined || remoteAddress === undefined)
    return []
  const common = { clientId, time: at, channelId: sessionId, clientIp: remoteAddress, instanceId, seq }
  return happeningsOf(entry).map((happening) => ({ ...common, ...happening }))
}

function happeningsOf({ kind, cause, byDisconnect }: LogEntry): Happening[] {
  if (kind === 'connect') return [{ eventType: 'connect', reason: 'accepted', actionInfo: 'accepted' }]
  if (kind !== 'drop' && kind !== 'disconnect') return []
  if (cause)
    return [{ eventType: 'tcpclean', reason: cause, actionInfo: actionInfoByCause[cause] ?? 'Socket IOException' }]
  const closed = { eventType: 'tcpclean', actionInfo: 'closed by client' } as const
  if (!byDisconnect) return [{ ...closed, reason: 'closed-by-client' }]
  return [
    { eventType: 'disconnect', reason: 'disconnected-by-client', actionInfo: 'disconnected by client' },
    { ...closed, reason: 'disconnected-by-client' },
  ]
}
