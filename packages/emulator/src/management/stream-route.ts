import type { FastifyInstance } from 'fastify'
import type { Numbered } from '../log-ring.ts'
import type { LogStreams, StreamQuery } from '../log-streams.ts'

/** The number of an entry, in a query or a header. */
export const seq = { type: 'string', pattern: String.raw`^\d{1,15}$` }

/** What a stream may be asked, and what it shows then. */
export interface StreamOffer<E extends Numbered> {
  /** The parameters of its query besides `after`, each with its schema. */
  asked: Readonly<Record<string, object>>
  /** What a reader is told for whom there is no room. */
  tooMany: string
  viewOf(query: Record<string, string | undefined>): StreamQuery<E>['view']
}

const headers = { type: 'object', properties: { 'last-event-id': seq } }

/** A log as server-sent events; a reader goes on behind its `Last-Event-ID`, or behind `after`. */
export function streamRoute<E extends Numbered>(
  app: FastifyInstance,
  path: string,
  streams: LogStreams<E>,
  { asked, tooMany, viewOf }: StreamOffer<E>,
): void {
  const querystring = { type: 'object', additionalProperties: false, properties: { ...asked, after: seq } }
  app.get<{ Querystring: Record<string, string | undefined>; Headers: { 'last-event-id'?: string } }>(
    path,
    { schema: { querystring, headers } },
    (request, reply) => {
      if (!streams.hasRoom()) return void reply.code(503).send({ error: 'too-many-streams', message: tooMany })
      const { after: asOf, ...query } = request.query
      const after = request.headers['last-event-id'] ?? asOf
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      streams.open(reply.raw, { after: after === undefined ? undefined : Number(after), view: viewOf(query) })
    },
  )
}
