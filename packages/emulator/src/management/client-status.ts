import type { FastifyInstance } from 'fastify'
import type { AssumptionLedger } from '../assumption-ledger.ts'
import { clientStatusSchema, noticesOf, type ClientStatusNotice } from '../lifecycle/client-status.ts'
import { logQuery, logStreamRoute, ndjson, wantsNdjson, type LogParts, type LogQuery } from './log.ts'

/** What the routes of the client status notices read. */
export interface ClientStatusParts extends LogParts {
  ledger: Pick<AssumptionLedger, 'touch'>
}

/** Notices in an answer, unless another number is asked for. */
const defaultLimit = 1000

const { clientId, after, limit, format } = logQuery.properties
const query = { type: 'object', additionalProperties: false, properties: { clientId, after, limit, format } }

/**
 * `GET /client-status?clientId&after&limit&format=json|ndjson`, `/client-status/stream` and `/client-status/schema`:
 * who came and went, and why (features F6). They are read from the log, and kept as long as its entries.
 */
export function clientStatusRoutes(app: FastifyInstance, parts: ClientStatusParts): void {
  app.get<{ Querystring: LogQuery }>('/client-status', { schema: { querystring: query } }, async (request, reply) => {
    const notices = noticesAsked(parts, request.query)
    touch(parts, notices)
    if (!wantsNdjson(request)) return { notices }
    return ndjson(reply, notices)
  })
  app.get('/client-status/schema', async () => clientStatusSchema)
  logStreamRoute(app, '/client-status/stream', parts, (entry) => {
    const notices = noticesOf(entry)
    touch(parts, notices)
    return notices
  })
}

function noticesAsked({ recorder }: ClientStatusParts, asked: LogQuery): ClientStatusNotice[] {
  const entries = recorder.entries({
    after: Number(asked['after'] ?? 0),
    limit: Infinity,
    ...(asked['clientId'] !== undefined && { clientId: asked['clientId'] }),
  })
  return entries.flatMap(noticesOf).slice(-Number(asked['limit'] ?? defaultLimit))
}

function touch({ ledger }: ClientStatusParts, notices: readonly ClientStatusNotice[]): void {
  const last = notices.at(-1)
  if (last) ledger.touch('A-76', last.clientId)
  const ended = notices.findLast(({ eventType, reason }) => eventType === 'tcpclean' && !reason.endsWith('-by-client'))
  if (ended) ledger.touch('A-78', ended.clientId)
}
