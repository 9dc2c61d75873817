import type { LogEntry } from '@apsaramq/model'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LogStreams } from '../log-streams.ts'
import { matches, type LogFilter, type Recorder } from '../recorder.ts'
import { seq, streamRoute } from './stream-route.ts'

/** What the routes of the log read. */
export interface LogParts {
  recorder: Recorder
  streams: LogStreams
}

const text = { type: 'string', minLength: 1, maxLength: 256 }
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

/** The log as server-sent events, or what a view makes of its entries; all of them share their number. */
export function logStreamRoute(
  app: FastifyInstance,
  path: string,
  { streams }: Pick<LogParts, 'streams'>,
  view: (entry: LogEntry) => readonly object[] = (entry) => [entry],
): void {
  const tooMany = 'as many streams of the log are open as may be: close one, or read GET /log'
  streamRoute(app, path, streams, {
    asked: filter,
    tooMany,
    viewOf(query) {
      const wanted = filterOf(query)
      return (entry) => (matches(entry, wanted) ? view(entry) : [])
    },
  })
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
