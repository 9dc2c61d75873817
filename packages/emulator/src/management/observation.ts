import type { FastifyInstance } from 'fastify'
import type { AssumptionLedger } from '../assumption-ledger.ts'
import { explain, type Question } from '../explain.ts'
import type { Readiness } from '../readiness.ts'
import type { Recorder } from '../recorder.ts'
import type { CertificateParts } from './certificates.ts'

/** What the observing routes read. */
export interface ObservationParts {
  readiness: Readiness
  recorder: Recorder
  ledger: AssumptionLedger
  parts(): CertificateParts
}

const text = { type: 'string', minLength: 1 }
const question = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: { clientId: text, sn: text, requestId: text },
}

/** `GET /ready`, `/health`, `/sessions`, `/explain`, `/assumptions`, and `DELETE /sessions/:id`. */
export function observationRoutes(
  app: FastifyInstance,
  { readiness, recorder, ledger, parts }: ObservationParts,
): void {
  app.get('/ready', async (_request, reply) => {
    const pending = readiness.pending()
    return reply.code(pending.length === 0 ? 200 : 503).send({ ready: pending.length === 0, pending })
  })
  app.get('/health', async () => ({ pid: process.pid }))
  app.get('/sessions', async () => ({ sessions: parts().store.sessions.list('all') }))
  app.delete<{ Params: { id: string } }>('/sessions/:id', async (request, reply) => {
    const { sessions } = parts().store
    const session = sessions.get(request.params.id)
    if (!session) return reply.code(404).send({ error: 'unknown-session', message: 'no live session has this id' })
    sessions.delete(session.id, 'kicked')
    return { closed: session }
  })
  app.get<{ Querystring: Question }>('/explain', { schema: { querystring: question } }, async (request) =>
    explain(request.query, { ...parts(), recorder }),
  )
  app.get('/assumptions', async () => ({ assumptions: ledger.entries() }))
}
