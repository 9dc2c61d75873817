import type { ControlPlane, LimitChange } from '@apsaramq/control-plane'
import type { EventLog } from '@apsaramq/model'
import type { FastifyInstance } from 'fastify'
import type { AssumptionLedger } from '../assumption-ledger.ts'
import { limitChangeOf, LimitChangeError } from '../limits/limit-change.ts'
import type { ChangedLimit, LimitEvent } from '../limits/limit-events.ts'
import type { LimitWatch } from '../limits/limit-watch.ts'
import { limitsReport, ruleReport, type UsageFilter } from '../limits/limits-report.ts'
import type { LogStreams } from '../log-streams.ts'
import { streamRoute } from './stream-route.ts'

/** What the routes of the limits work with. */
export interface LimitParts {
  limitWatch: LimitWatch
  limitStreams: LogStreams<LimitEvent>
  ledger: AssumptionLedger
  log: EventLog
  /** The throttle; known once the start is over. */
  throttle(): Pick<ControlPlane, 'limits' | 'setLimit' | 'resetLimits'>
}

const text = { type: 'string', minLength: 1, maxLength: 128 }
const asked = { rule: text, action: text, accountId: text }
const query = {
  type: 'object',
  additionalProperties: false,
  properties: { ...asked, limit: { type: 'string', pattern: String.raw`^[1-9]\d{0,4}$` } },
}

type Query = Partial<Record<keyof UsageFilter, string>>

/** Rows of the usage in an answer, unless another number is asked for. */
const defaultRows = 1_000

/**
 * `GET /limits?rule&action&accountId&limit` tells the rules in force and how the windows stand, `PUT /limits` raises or
 * lowers a limit for the next call on, `DELETE /limits` puts all back to what is configured, `GET /limits/events` tells
 * refusals, warnings and changes as server-sent events (features D6, D7).
 */
export function limitRoutes(app: FastifyInstance, parts: LimitParts): void {
  const { limitWatch, limitStreams, ledger } = parts
  app.addHook('preClose', async () => limitStreams.end())

  app.get<{ Querystring: Query }>('/limits', { schema: { querystring: query } }, async (request) => {
    const { limit = defaultRows, ...wanted } = request.query
    const filter = { ...wanted, limit: Number(limit) }
    return limitsReport(parts.throttle().limits(), { filter, ledger, since: limitWatch.since })
  })

  app.put('/limits', async (request) => {
    const change = limitChangeOf(request.body)
    const { rule, before = null } = await changed(parts, change)
    const { perSecond: limit, ...target } = change
    const message = `${subjectOf(change)}: ${limit} calls a second from the next call on, before ${before ?? 'none'}; rule ${rule}`
    tell(parts, { message, ...target, rule, limit })
    ledger.touch('A-86', message) // LIMITS A-86
    return { ...target, rule, limit, before }
  })

  app.delete('/limits', async () => {
    parts.throttle().resetLimits()
    tell(parts, { message: 'every limit is as configured again; no call was forgotten' })
    const { rules } = parts.throttle().limits()
    return { rules: rules.map((rule) => ruleReport(rule, ledger)) }
  })

  limitEventRoute(app, limitStreams)
}

function limitEventRoute(app: FastifyInstance, streams: LogStreams<LimitEvent>): void {
  streamRoute(app, '/limits/events', streams, {
    asked,
    tooMany: 'as many streams of the limits are open as may be: close one',
    viewOf: (wanted) => (event) => (isAsked(event, wanted) ? [event] : []),
  })
}

/** What names no rule, operation or account is about all of them. */
function isAsked(event: LimitEvent, wanted: Query): boolean {
  const facts: Partial<Record<string, unknown>> = { ...event }
  return (Object.keys(asked) as (keyof typeof asked)[]).every(
    (name) => wanted[name] === undefined || facts[name] === undefined || facts[name] === wanted[name],
  )
}

async function changed({ throttle }: LimitParts, change: LimitChange) {
  try {
    return await throttle().setLimit(change)
  } catch (error) {
    if (error instanceof RangeError) throw new LimitChangeError(error.message, { cause: error })
    throw error
  }
}

function subjectOf({ action = 'operations without a limit of their own', accountId }: LimitChange): string {
  return accountId === undefined ? action : `${action} by account ${accountId}`
}

function tell({ log, limitWatch }: LimitParts, change: ChangedLimit): void {
  const { message, action, accountId } = change
  const about = { ...(action !== undefined && { action }), ...(accountId !== undefined && { accountId }) }
  log.write({ plane: 'management', kind: 'lifecycle', message, ...about })
  limitWatch.events.tellChange(change)
}
