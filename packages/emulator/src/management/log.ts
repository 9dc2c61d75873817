import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LogStreams, LogView } from '../log-streams.ts'
import type { LogFilter, Recorder } from '../recorder.ts'

/** What the routes of the log read. */
export interface LogParts {
  recorder: Recorder
  streams: LogStreams
}

const text = { type: 'string', minLength: 1, maxLength: 256 }
const seq = { type: 'string', pattern: '^\\d{1,15}$' }
const filter = { clientId: text, sn: text, requestId: text }
/** What the log is asked. */
export const logQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...filter,
    after: seq,
    limit: { type: 'string', pattern: '^[1-9]\\d{0,5}$' },
    format: { enum: ['json', 'ndjson'] },
  },
}
const streamQuery = { type: 'object', additionalProperties: false, properties: { ...filter, after: seq } }
const streamHeaders = { type: 'object', properties: { 'last-event-id': seq } }

/** A query of the log. */
export type LogQuery = Record<string, string | undefined>

function filterOf({ after, limit, sn, clientId, requestId }: LogQuery): LogFilter {
  return {
    ...(after === undefined ? {} : { after: Number(after) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(sn === undefined ? {} : { sn }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

const ndjsonType = 'application/x-ndjson'

/** `GET /log?after&limit&clientId&sn&requestId&format=json|ndjson` and `GET /log/stream` (features F1). */
export function logRoutes(app: FastifyInstance, { recorder, streams }: LogParts): void {
  app.addHook('preClose', async () => streams.end())
  app.get<{ Querystring: LogQuery }>('/log', { schema: { querystring: logQuery } }, async (request, reply) => {
    const entries = recorder.entries(filterOf(request.query))
    return wantsNdjson(request) ? ndjson(reply, entries) : { entries }
  })
  logStreamRoute(app, '/log/stream', { streams })
}

/** The log as server-sent events, or what a view makes of it; they share their number. */
export function logStreamRoute(
  app: FastifyInstance,
  path: string,
  { streams }: Pick<LogParts, 'streams'>,
  view?: LogView,
): void {
  app.get<{ Querystring: LogQuery; Headers: LogQuery }>(
    path,
    { schema: { querystring: streamQuery, headers: streamHeaders } },
    (request, reply) => {
      if (!streams.hasRoom()) return void tooMany(reply)
      const after = request.headers['last-event-id'] ?? request.query['after']
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      streams.open(reply.raw, filterOf({ ...request.query, after }), view)
    },
  )
}

/** Whether an answer in lines of JSON is asked for. */
export function wantsNdjson({ query: asked, headers }: { query: LogQuery; headers: { accept?: string | undefined } }) {
  return asked['format'] === undefined ? headers.accept?.includes(ndjsonType) === true : asked['format'] === 'ndjson'
}

/** An answer in lines of JSON. */
export function ndjson(reply: FastifyReply, items: readonly object[]): string {
  reply.type(ndjsonType)
  return items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

function tooMany(reply: FastifyReply): void {
  const message = 'as many streams of the log are open as may be: close one, or read GET /log'
  void reply.code(503).send({ error: 'too-many-streams', message })
}
