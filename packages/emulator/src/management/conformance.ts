import type { ConformanceReport } from '@apsaramq/control-plane'
import type { FastifyInstance } from 'fastify'

/** `GET /conformance`: what API clients sent otherwise than the pages say, and which parameters nobody read (features B7). */
export function conformanceRoute(app: FastifyInstance, report: () => ConformanceReport): void {
  app.get('/conformance', async () => report())
}
